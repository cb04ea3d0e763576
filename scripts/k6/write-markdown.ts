import type { LoadSummary, SummaryCase } from './read-summary.ts';

/** What a load test was about, and how it ended. */
export interface LoadRun {
  readonly script: string;
  /** What was tested: `api-1a2b3c4-… at https://…`. */
  readonly target: string;
  readonly passed: boolean;
  /** Why not. */
  readonly reasons: readonly string[];
  /** What a first try has crossed, when this is the second. */
  readonly earlier: readonly string[];
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** A load test as Markdown, for people. */
export function writeMarkdown(run: LoadRun, summary: LoadSummary | undefined): string {
  const { script, target, passed, reasons, earlier } = run;
  const of = (suite: SummaryCase['suite']): readonly SummaryCase[] =>
    (summary?.cases ?? []).filter((each) => each.suite === suite);
  return [
    `# Load: ${passed ? 'passed' : 'FAILED'}`,
    '',
    `\`${script}\` on ${target}.`,
    ...(reasons.length === 0 ? [] : ['', ...reasons.map((reason) => `- ${cell(reason)}`)]),
    ...(earlier.length === 0
      ? []
      : [
          '',
          'This is the second try. The first one crossed:',
          '',
          ...earlier.map((reason) => `- ${cell(reason)}`),
        ]),
    ...(summary ? ['', `${summary.runner ?? 'Measured by k6.'} Times are in milliseconds.`] : []),
    ...table(['Threshold', 'Measured', 'Outcome'], of('thresholds'), 'FAILED'),
    // Checks decide through a threshold only.
    ...table(['Check', 'Measured', 'Outcome'], of('checks'), 'not always'),
    '',
  ].join('\n');
}

function table(head: readonly string[], cases: readonly SummaryCase[], notOk: string): string[] {
  if (cases.length === 0) return [];
  const rows = cases.map(({ name, measured, ok }) => [name, measured, ok ? 'passed' : notOk].map(cell));
  return ['', ...[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)];
}
