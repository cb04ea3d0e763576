import { placeOf, type CheckedGate, type CheckOutcome } from './finding.ts';

/** The longest list that anybody reads; the SARIF report has all of it. */
const maxRows = 50;

/** For people: what each check has come to, and what it has found. */
export function markdownReport(gates: readonly CheckedGate[], folder: string): string {
  return [
    `# Security of ${folder}`,
    '',
    '| Check | Outcome | |',
    '| --- | --- | --- |',
    ...gates.map(({ name, outcome }) => `| ${name} | ${headline(outcome)} | ${cell(remark(outcome))} |`),
    ...gates.flatMap(({ name, outcome }) =>
      outcome.kind === 'skipped'
        ? []
        : [
            ...table(
              `${name}: found`,
              ['Where', 'Rule', 'What'],
              outcome.findings.map((finding) => [
                `\`${placeOf(finding)}\``,
                finding.url === undefined ? finding.rule : `[${finding.rule}](${finding.url})`,
                finding.message,
              ]),
            ),
            ...table(
              `${name}: accepted by the policy`,
              ['Where', 'Rule', 'Why', 'Until'],
              outcome.accepted.map((finding) => [
                `\`${placeOf(finding)}\``,
                finding.rule,
                finding.accepted.reason,
                finding.accepted.expires,
              ]),
            ),
            ...(outcome.notes.length === 0
              ? []
              : ['', `## ${name}: notes`, '', ...outcome.notes.map((note) => `- ${note}`)]),
          ],
    ),
    '',
  ].join('\n');
}

/** `passed`, `3 found`, `skipped`. */
export function headline(outcome: CheckOutcome): string {
  switch (outcome.kind) {
    case 'passed':
      return 'passed';
    case 'failed':
      return `FAILED: ${outcome.findings.length} found`;
    case 'skipped':
      return 'skipped';
    default:
      return outcome satisfies never;
  }
}

function remark(outcome: CheckOutcome): string {
  if (outcome.kind === 'skipped') return outcome.why;
  return [
    outcome.scope,
    ...(outcome.accepted.length === 0 ? [] : [`${outcome.accepted.length} accepted by the policy`]),
  ].join(', ');
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const more = rows.length - maxRows;
  return [
    '',
    `## ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.slice(0, maxRows).map((row) => `| ${row.map(cell).join(' | ')} |`),
    ...(more > 0 ? ['', `and ${more} more`] : []),
  ];
}
