import { placeOf, type CheckOutcome, type Finding } from './finding.ts';

/** What one check has looked for, and how that went. */
export interface ReportedCheck {
  readonly name: string;
  /** The file that it is about, from the root of the checkout. */
  readonly file: string;
  readonly outcome: CheckOutcome;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => entities[character] ?? '');

/** A JUnit report: a test a check, with a failure for each finding. */
export function junitReport(suite: string, checks: readonly ReportedCheck[]): string {
  const count = (kind: CheckOutcome['kind']): number =>
    checks.filter(({ outcome }) => outcome.kind === kind).length;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="${escape(suite)}" tests="${checks.length}" failures="${count('failed')}" skipped="${count('skipped')}">`,
    ...checks.flatMap(testcase),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase({ name, file, outcome }: ReportedCheck): string[] {
  const open = `    <testcase name="${escape(name)}" file="${escape(file)}" time="0"`;
  switch (outcome.kind) {
    case 'passed':
      return [`${open}/>`];
    case 'skipped':
      return [`${open}>`, `      <skipped message="${escape(outcome.why)}"/>`, '    </testcase>'];
    case 'failed':
      return [`${open}>`, ...outcome.findings.map(failure), '    </testcase>'];
    default:
      return outcome satisfies never;
  }
}

const failure = (finding: Finding): string =>
  `      <failure message="${escape(finding.message)}">${escape(`${placeOf(finding)}: ${finding.message}`)}</failure>`;
