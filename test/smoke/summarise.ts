import { stripVTControlCharacters } from 'node:util';

/** One test of a run, with all its tries. */
export interface SmokeTest {
  readonly title: string;
  /** `test/smoke/web/board.spec.ts:12`. */
  readonly place: string;
  readonly outcome: 'expected' | 'unexpected' | 'flaky' | 'skipped';
  readonly seconds: number;
  /** Of the first try that failed. */
  readonly error: string | undefined;
  /** Files of the last try that left some, from the folder of the summary. */
  readonly attachments: readonly string[];
}

export interface SmokeRun {
  readonly baseUrl: string;
  readonly revision: string | undefined;
  readonly passed: boolean;
  readonly seconds: number;
  readonly tests: readonly SmokeTest[];
}

const words = {
  expected: 'passed',
  unexpected: 'FAILED',
  flaky: 'flaky: passed at the second try',
  skipped: 'skipped',
} as const satisfies Record<SmokeTest['outcome'], string>;

/** A run for people, in Markdown: what was looked at, how each test went, and what those said that failed at first. */
export function summarise({ baseUrl, revision, passed, seconds, tests }: SmokeRun): string {
  const looked = revision === undefined ? baseUrl : `${revision} at ${baseUrl}`;
  return `${[
    `# Browser smoke: ${passed ? 'passed' : 'FAILED'}`,
    '',
    `${looked}, in ${seconds.toFixed(1)} s.`,
    '',
    ...(tests.length === 0
      ? ['No test has run.']
      : [
          '| Test | Outcome | Seconds |',
          '| --- | --- | --- |',
          ...tests.map(
            (test) => `| ${cell(test.title)} | ${words[test.outcome]} | ${test.seconds.toFixed(1)} |`,
          ),
        ]),
    ...tests.filter(({ outcome }) => outcome === 'unexpected' || outcome === 'flaky').flatMap(describe),
  ].join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function describe({ title, place, error, attachments }: SmokeTest): string[] {
  return [
    '',
    `## ${title}`,
    '',
    `At \`${place}\`:`,
    '',
    ...stripVTControlCharacters(error ?? 'It did not say why.')
      .split('\n')
      .map((line) => `    ${line}`.trimEnd()),
    ...(attachments.length === 0 ? [] : ['', ...attachments.map((file) => `- [${file}](<${file}>)`)]),
  ];
}
