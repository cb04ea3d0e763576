import { placeOf, type CheckedGate, type Finding } from './finding.ts';

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Also without the control characters, which XML cannot hold at all. */
const escape = (text: string): string =>
  text
    .replaceAll(/\p{Cc}/gu, (character) => ('\t\n\r'.includes(character) ? character : '\ufffd'))
    .replaceAll(/[&<>"]/g, (character) => entities[character] ?? character);

/** JUnit: a suite a check, in it a test for each finding, or one when there is nothing to say but that it passed. */
export function junitReport(gates: readonly CheckedGate[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="security">',
    ...gates.flatMap(suite),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite({ name, seconds, outcome }: CheckedGate): string[] {
  const failures = outcome.kind === 'failed' ? outcome.findings.length : 0;
  const skipped = outcome.kind === 'skipped' ? 1 : 0;
  return [
    `  <testsuite name="${name}" tests="${Math.max(failures, 1)}" failures="${failures}" skipped="${skipped}" time="${seconds.toFixed(3)}">`,
    ...(outcome.kind === 'skipped'
      ? [
          `    <testcase name="looked" classname="security.${name}" time="${seconds.toFixed(3)}">`,
          `      <skipped message="${escape(outcome.why)}"/>`,
          '    </testcase>',
        ]
      : failures === 0
        ? [`    <testcase name="nothing found" classname="security.${name}" time="${seconds.toFixed(3)}"/>`]
        : outcome.findings.flatMap((finding) => testcase(name, finding))),
    '  </testsuite>',
  ];
}

const testcase = (check: string, finding: Finding): string[] => [
  `    <testcase name="${escape(finding.rule)}" classname="security.${check}" file="${escape(finding.file)}" time="0">`,
  `      <failure message="${escape(finding.message)}">${escape(placeOf(finding))}</failure>`,
  '    </testcase>',
];
