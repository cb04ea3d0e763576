import { coverageKinds } from './coverage.ts';
import { placeOf } from './junit.ts';
import type { TestReport } from './read-reports.ts';
import {
  describeFailure,
  describePassed,
  flakyTests,
  gateRow,
  hasFailed,
  maxFailures,
  maxMessageLength,
  shownPlace,
  slowestTests,
  type FlakyTest,
  type Gate,
} from './summary.ts';

export interface SummaryPage {
  /** Of the service, from the root of the checkout. */
  readonly folder: string;
  readonly gates: readonly Gate[];
  readonly reports: readonly TestReport[];
  /** Names of the files beside the page. */
  readonly files: readonly string[];
}

/**
 * What a build's gates and tests have come to, on one page of Markdown: what failed and where stands first. `root`: paths
 * are shown from there. Texts of tools stand in code spans or are escaped: none of them is read as Markdown or HTML.
 */
export function summaryMarkdown({ folder, gates, reports, files }: SummaryPage, root: string): string {
  const flaky = flakyTests(gates, reports, root);
  const failed = gates.filter(hasFailed);
  const headline =
    failed.length === 0 ? describePassed(gates, flaky) : `FAILED: ${failed.map(describeFailure).join(', ')}`;
  return `${[
    [`# Gates of ${folder}`],
    [`**${headline}**`, ...[totals(reports, flaky.length)].filter(Boolean)].join('\n\n').split('\n'),
    table(['Gate', 'Outcome', '', 'Again on your machine'], gates.map(gateCells)),
    ...failed.map(findings),
    failedTests(reports, root),
    flakyList(flaky),
    testTable(reports),
    coverageTable(reports),
    slowList(reports, root),
    files.length === 0
      ? []
      : ['## Reports', '', files.map((file) => `[${file}](${encodeURI(file)})`).join(' · ')],
  ]
    .filter((part) => part.length > 0)
    .map((part) => part.join('\n'))
    .join('\n\n')}\n`;
}

/** A text that is no Markdown, on one line and not longer than one can read. */
const code = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('`', "'").trim();
  const cut = line.length > maxMessageLength ? `${line.slice(0, maxMessageLength - 1)}…` : line;
  return cut === '' ? '' : `\`${cut}\``;
};

/** Prose of ours that may quote a tool: why a gate was skipped. */
const plain = (text: string): string => text.replaceAll(/[\\`*_[\]<>]/g, String.raw`\$&`);

/** In a table even a code span ends at a bare `|`. */
const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [row(head), row(head.map(() => '---')), ...rows.map(row)];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines];

function gateCells(gate: Gate): string[] {
  const [name = '', outcome = '', said = ''] = gateRow(gate);
  const flaky = gate.notes?.flaky.length ?? 0;
  return [
    name,
    hasFailed(gate) ? `**${outcome}**` : flaky > 0 ? `${outcome}, ${flaky} flaky` : outcome,
    plain(said),
    hasFailed(gate) ? code(gate.notes?.hint ?? '') : '',
  ];
}

const testsOf = (reports: readonly TestReport[]): TestReport['tests'] =>
  reports.flatMap(({ tests }) => tests);

const countOf = (tests: TestReport['tests'], outcome: string): number =>
  tests.filter((test) => test.outcome === outcome).length;

function totals(reports: readonly TestReport[], flaky: number): string {
  const tests = testsOf(reports);
  if (tests.length === 0) return '';
  const counts = [
    `${countOf(tests, 'passed')} passed`,
    ...(['failed', 'skipped'] as const).map((outcome) => [countOf(tests, outcome), outcome] as const),
    [flaky, 'flaky'] as const,
  ].flatMap((each) => (typeof each === 'string' ? [each] : each[0] > 0 ? [each.join(' ')] : []));
  return `${tests.length} tests: ${counts.join(', ')}`;
}

const andMore = (more: number): string[] => (more > 0 ? [`- and ${more} more`] : []);

/** What a gate without tests has found; those with tests have their own list. */
function findings({ name, notes }: Gate): string[] {
  if (!notes || notes.places.length === 0) return [];
  return section(`${name}: what it found`, [
    ...notes.places.map((each) => `- ${[code(placeOf(each)), code(each.message)].filter(Boolean).join(' ')}`),
    ...andMore(notes.more),
  ]);
}

function failedTests(reports: readonly TestReport[], root: string): string[] {
  const failed = testsOf(reports).filter(({ outcome }) => outcome === 'failed');
  return section('Failed tests', [
    ...failed
      .slice(0, maxFailures)
      .map(
        (test) =>
          `- ${[code(test.name), code(shownPlace(test, root))].filter(Boolean).join(' at ')}${test.message ? `: ${code(test.message)}` : ''}`,
      ),
    ...andMore(failed.length - maxFailures),
  ]);
}

const flakyList = (flaky: readonly FlakyTest[]): string[] =>
  section('Flaky tests: failed, then passed', [
    ...flaky
      .slice(0, maxFailures)
      .map(
        ({ name, place, message }) =>
          `- ${[code(name), code(place)].filter(Boolean).join(' at ')}${message === '' ? '' : `; at first: ${code(message)}`}`,
      ),
    ...andMore(flaky.length - maxFailures),
  ]);

const testTable = (reports: readonly TestReport[]): string[] =>
  section(
    'Tests',
    table(
      ['Report', 'Passed', 'Failed', 'Skipped', 'Time'],
      reports.map(({ name, tests, unreadable }) =>
        unreadable === undefined
          ? [
              name,
              ...['passed', 'failed', 'skipped'].map((outcome) => String(countOf(tests, outcome))),
              `${tests.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(1)} s`,
            ]
          : [name, `cannot be read: ${code(unreadable)}`, '', '', ''],
      ),
    ),
  );

const coverageTable = (reports: readonly TestReport[]): string[] =>
  section(
    'Coverage',
    table(
      ['Report', 'Lines', 'Branches', 'Functions'],
      reports.flatMap(({ name, coverage = {}, thresholds = {} }) =>
        Object.keys(coverage).length === 0
          ? []
          : [
              [
                name,
                ...coverageKinds.map((kind) => {
                  const [percent, least] = [coverage[kind], thresholds[kind]];
                  if (percent === undefined) return '';
                  const shown = `${percent.toFixed(1)} %`;
                  if (least === undefined) return shown;
                  return percent < least
                    ? `**${shown}, below ${least} %**`
                    : `${shown} (at least ${least} %)`;
                }),
              ],
            ],
      ),
    ),
  );

const slowList = (reports: readonly TestReport[], root: string): string[] =>
  section(
    'Slowest tests',
    table(
      ['Time', 'Test', ''],
      slowestTests(testsOf(reports)).map((test) => [
        `${test.seconds.toFixed(2)} s`,
        code(test.name),
        code(shownPlace(test, root)),
      ]),
    ),
  );
