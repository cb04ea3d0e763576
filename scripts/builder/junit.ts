import { parseXml, type XmlElement } from './xml.ts';

/** One test of a JUnit report. */
export interface TestCase {
  /** With the names of the suites around it: `readConfig › names what is missing`. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** It failed at first, and passed when the runner tried again. */
  readonly flaky?: true;
  readonly seconds: number;
  /** As the report has it; absent where the runner does not say. */
  readonly file?: string;
  readonly line?: number;
  /** Of a failed test: the first line of what it said. */
  readonly message?: string;
}

/** The tests in a JUnit report, in its order. Throws when it is not well-formed, or no JUnit. */
export function parseJunit(text: string): TestCase[] {
  const root = parseXml(text);
  if (root.name !== 'testsuites' && root.name !== 'testsuite')
    throw new Error(`it is no JUnit report: its root is <${root.name}>`);
  return casesIn(root, []);
}

function casesIn(element: XmlElement, suites: readonly string[]): TestCase[] {
  return element.children.flatMap((child) => {
    if (child.name === 'testcase') return [readCase(child, suites)];
    if (child.name !== 'testsuite') return [];
    const { name } = child.attributes;
    return casesIn(child, name ? [...suites, name] : suites);
  });
}

function readCase(element: XmlElement, suites: readonly string[]): TestCase {
  const { name = '', time, file } = element.attributes;
  const failure = element.children.find(({ name: kind }) => kind === 'failure' || kind === 'error');
  // As Surefire reports it, and whoever follows it.
  const flaky = !failure && element.children.some(({ name: kind }) => /^flaky(Failure|Error)$/.test(kind));
  const skipped = element.children.some(({ name: kind }) => kind === 'skipped');
  const line = file === undefined || !failure ? undefined : lineIn(failure.text, file);
  return {
    name: [...suites, name].join(' › '),
    outcome: failure ? 'failed' : skipped ? 'skipped' : 'passed',
    seconds: Number(time) || 0,
    ...(flaky ? { flaky } : {}),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(failure ? { message: firstLine(failure.attributes.message ?? failure.text) } : {}),
  };
}

/**
 * Where a stack trace is in the test's own file: the first place it names there. What caused the error knows better: the
 * stack of node:test's own error is where the test begins.
 */
function lineIn(stack: string, file: string): number | undefined {
  const caused = stack.indexOf('cause: ');
  const lines = [caused === -1 ? '' : stack.slice(caused), stack].map((text) => {
    const at = text.indexOf(`${file}:`);
    return at === -1 ? undefined : /^\d+/.exec(text.slice(at + file.length + 1))?.[0];
  });
  const line = lines.find((each) => each !== undefined);
  return line === undefined ? undefined : Number(line);
}

/** `test/a.test.ts:7`, as far as it is known. */
export const placeOf = ({
  file = '',
  line,
}: {
  readonly file?: string;
  readonly line?: number | undefined;
}): string => (file === '' || line === undefined ? file : `${file}:${line}`);

const firstLine = (text: string): string => text.trim().split('\n')[0]?.trim() ?? '';
