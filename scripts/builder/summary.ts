import path from 'node:path';
import { describeCoverage } from './coverage.ts';
import type { GateNotes } from './gate-notes.ts';
import type { GateOutcome } from './gate-outcome.ts';
import { placeOf, type TestCase } from './junit.ts';
import type { TestReport } from './read-reports.ts';

export interface Gate {
  readonly name: string;
  readonly outcome: GateOutcome;
  /** What it has left for people; a gate that is a script leaves nothing. */
  readonly notes?: GateNotes;
}

/** The longest list of failed tests that still helps; the reports have them all. */
export const maxFailures = 20;
const slowest = 5;
export const maxMessageLength = 200;

export const hasPassed = ({ outcome }: Gate): boolean => outcome.kind === 'ended' && outcome.exitCode === 0;

/** A skipped gate fails nothing, and has not passed either. */
export const hasFailed = (gate: Gate): boolean => gate.outcome.kind !== 'skipped' && !hasPassed(gate);

/** A test that passed only at a second try: its runner's, or that of the gate. */
export interface FlakyTest {
  readonly name: string;
  readonly place: string;
  readonly message: string;
}

export function flakyTests(
  gates: readonly Gate[],
  reports: readonly TestReport[],
  folder: string,
): FlakyTest[] {
  const noted = gates.flatMap(({ notes }) =>
    (notes?.flaky ?? []).map(({ name, message, ...at }) => ({ name, message, place: placeOf(at) })),
  );
  const reported = reports
    .flatMap(({ tests }) => tests)
    .filter(({ flaky }) => flaky)
    .map((test) => ({ name: test.name, message: '', place: shownPlace(test, folder) }));
  return [...noted, ...reported];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `all 5 gates passed`, or how many did and which could not judge; and how many tests did only at the second try. */
export function describePassed(gates: readonly Gate[], flaky: readonly FlakyTest[] = []): string {
  const skipped = gates.filter(({ outcome }) => outcome.kind === 'skipped').map(({ name }) => name);
  const passed =
    skipped.length === 0
      ? `all ${gates.length} gates passed`
      : `${gates.length - skipped.length} of ${gates.length} gates passed; skipped: ${skipped.join(', ')}`;
  return flaky.length === 0 ? passed : `${passed}; FLAKY: ${counted(flaky.length, 'test')}`;
}

/** `unit (exit 1)`: a gate that has not passed, and how. */
export const describeFailure = ({ name, outcome }: Gate): string =>
  `${name} (${outcome.kind === 'ended' ? `exit ${outcome.exitCode}` : 'no result'})`;

/** What a build's gates and tests have come to, as lines for its log. `folder`: paths are shown from there. */
export function summarise(gates: readonly Gate[], reports: readonly TestReport[], folder: string): string[] {
  const tests = reports.flatMap((report) => report.tests);
  return [
    'gates',
    ...table(gates.map(gateRow)),
    '',
    'tests',
    ...(reports.length === 0
      ? ['  no reports: no gate has written reports/*.junit.xml']
      : table(reports.map(reportRow))),
    ...failures(tests, folder),
    ...flakyLines(flakyTests(gates, reports, folder)),
    ...slowLines(tests, folder),
    ...hints(gates),
  ];
}

const flakyLines = (flaky: readonly FlakyTest[]): string[] =>
  flaky.length === 0
    ? []
    : [
        '',
        `FLAKY tests, which failed and then passed: ${flaky.length}`,
        ...flaky.slice(0, maxFailures).map(({ name, place }) => `  ${name}  ${place}`.trimEnd()),
      ];

function hints(gates: readonly Gate[]): string[] {
  const shown = gates.flatMap((gate) => (hasFailed(gate) && gate.notes?.hint ? [gate.notes.hint] : []));
  return shown.length === 0 ? [] : ['', 'again on your machine', ...shown.map((hint) => `  ${hint}`)];
}

/** Its name, its outcome, and what there is to say. */
export function gateRow(gate: Gate): string[] {
  const { name, outcome } = gate;
  if (outcome.kind === 'missing')
    return [name, 'FAILED', 'no result: its step did not run or did not end by itself'];
  const time = outcome.seconds === undefined ? '' : `${outcome.seconds.toFixed(1)} s`;
  if (outcome.kind === 'skipped') return [name, 'skipped', [time, outcome.why].filter(Boolean).join(', ')];
  return [
    name,
    hasPassed(gate) ? 'passed' : 'FAILED',
    [time, outcome.exitCode === 0 ? '' : `exit ${outcome.exitCode}`].filter(Boolean).join(', '),
  ];
}

function reportRow({ name, tests, coverage = {}, thresholds = {}, unreadable }: TestReport): string[] {
  if (unreadable !== undefined) return [name, `its report cannot be read: ${unreadable}`];
  const counts = (['passed', 'failed', 'skipped'] as const)
    .map((outcome) => ({ outcome, count: tests.filter((test) => test.outcome === outcome).length }))
    .filter(({ outcome, count }) => count > 0 || outcome === 'passed')
    .map(({ outcome, count }) => `${count} ${outcome}`);
  const seconds = tests.reduce((sum, test) => sum + test.seconds, 0);
  return [
    name,
    counts.join(', '),
    `${seconds.toFixed(1)} s`,
    ...describeCoverage(coverage, thresholds).slice(0, 1),
  ];
}

/** Columns as wide as their longest cell, each line two blanks in. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)));
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}`,
  );
}

function failures(tests: readonly TestCase[], folder: string): string[] {
  const failed = tests.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return [];
  const more = failed.length - maxFailures;
  return [
    '',
    `failed tests: ${failed.length}`,
    ...failed
      .slice(0, maxFailures)
      .flatMap((test) => [
        `  ${test.name}`,
        ...(test.file === undefined ? [] : [`    at ${shownPlace(test, folder)}`]),
        ...(test.message ? [`    ${test.message.slice(0, maxMessageLength)}`] : []),
      ]),
    ...(more > 0 ? [`  and ${more} more: the reports have them all`] : []),
  ];
}

function slowLines(tests: readonly TestCase[], folder: string): string[] {
  const slow = slowestTests(tests);
  if (slow.length === 0) return [];
  return [
    '',
    'slowest tests',
    ...table(slow.map((test) => [`${test.seconds.toFixed(2)} s`, test.name, shownPlace(test, folder)])),
  ];
}

export const slowestTests = (tests: readonly TestCase[]): TestCase[] =>
  tests.toSorted((a, b) => b.seconds - a.seconds).slice(0, slowest);

/** Where a test is, from the folder; `test/a.test.ts:7`. */
export function shownPlace({ file = '', line }: TestCase, folder: string): string {
  const relative = path.relative(folder, file);
  return placeOf({ file: path.isAbsolute(file) && !relative.startsWith('..') ? relative : file, line });
}
