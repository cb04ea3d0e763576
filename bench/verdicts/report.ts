import { table } from './markdown.ts';
import type { Comparison } from './compare.ts';
import type { Outcome } from './outcome.ts';
import { howToRead } from './how-to-read.ts';

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const number = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '–';
  const { meanBad, medianBad, medianMinutes, takenBack } = outcome;
  const when = takenBack < 0.5 ? '> 60' : number(medianMinutes);
  return `${number(meanBad)} (${medianBad}), ${when} min, ${Math.round(100 * (1 - takenBack))} %`;
}

/** The fewer bad answers of the two others, tuned. */
function bestTuned({ thresholdTuned, mannWhitneyTuned }: Comparison): number | undefined {
  if (thresholdTuned === undefined || mannWhitneyTuned === undefined) return undefined;
  return Math.min(thresholdTuned.meanBad, mannWhitneyTuned.meanBad);
}

/** Mean bad answers of this verdict when it wants what the others want. */
function ownBad({ every10s, strict }: Comparison): number {
  return (strict ?? every10s).meanBad;
}

function ratio(comparison: Comparison): string {
  const best = bestTuned(comparison);
  return best === undefined || best === 0 ? '–' : (ownBad(comparison) / best).toFixed(2);
}

function falseAlarms(same: readonly Comparison[]): string {
  const share = (pick: (comparison: Comparison) => Outcome | undefined): string[] => {
    const values = same.map((comparison) => pick(comparison)?.takenBack ?? 0);
    return [...values, values.reduce((a, b) => a + b, 0) / values.length].map(percent);
  };
  const columns = [
    share(({ every10s }) => every10s),
    share(({ everyMinute }) => everyMinute),
    share(({ strict }) => strict),
    share(({ thresholdDefault }) => thresholdDefault),
    share(({ mannWhitneyDefault }) => mannWhitneyDefault),
  ];
  const names = [
    ...same.map(({ truth }) => `${truth.requestsPerMinute} a minute, errors ${truth.errorRate * 100} %`),
    'all',
  ];
  return table(
    [
      'no change',
      'this, every 10 s',
      'this, every minute',
      'this, no slow-down tolerated',
      'threshold, default',
      'Mann-Whitney, default',
    ],
    names.map((name, row) => [name, ...columns.map((column) => column[row] ?? '')]),
  );
}

function changes(at: readonly Comparison[]): string {
  return table(
    [
      'change',
      'this, every 10 s',
      'this, every minute',
      'no slow-down tolerated',
      'threshold, tuned',
      'Mann-Whitney, tuned',
      'threshold, default',
      'Mann-Whitney, default',
      'told the ratio',
      'this ÷ best tuned',
    ],
    at.map((one) => [
      one.truth.name,
      ...[
        one.every10s,
        one.everyMinute,
        one.strict,
        one.thresholdTuned,
        one.mannWhitneyTuned,
        one.thresholdDefault,
        one.mannWhitneyDefault,
        one.sprt,
      ].map(cell),
      ratio(one),
    ]),
  );
}

/** How many of these cells keep within `factor` times the best tuned, and which do not. */
function aim(cells: readonly Comparison[], factor: number): string {
  const missed = cells.filter((one) => ownBad(one) > factor * (bestTuned(one) ?? Infinity) + 1e-9);
  const names = missed.map((one) => `${one.truth.name} at ${one.truth.requestsPerMinute} (${ratio(one)})`);
  return `${cells.length - missed.length} of ${cells.length}${names.length === 0 ? '' : `; not: ${names.join(', ')}`}.`;
}

/** How near this comes to the test that is told the ratio, and how far that one itself gets. */
function reach(cells: readonly Comparison[]): string {
  const told = cells.flatMap((one) => (one.sprt === undefined ? [] : [{ ...one, sprt: one.sprt }]));
  const near = told.filter(({ every10s, sprt }) => every10s.meanBad <= 1.15 * sprt.meanBad);
  const half = told.filter((one) => one.sprt.meanBad <= 0.5 * (bestTuned(one) ?? 0));
  return `${near.length} of ${told.length} within 15 % of the test that is told the ratio; that one itself is at half of the best tuned in ${half.length}.`;
}

/** All that was found, in Markdown. */
export function report(comparisons: readonly Comparison[], runs: number, seed: number): string {
  const same = comparisons.filter(({ truth }) => truth.kind === 'same');
  const changed = comparisons.filter(({ truth }) => truth.kind !== 'same');
  const traffics = [...new Set(changed.map(({ truth }) => truth.requestsPerMinute))];
  return [
    '# Verdicts on the same traffic',
    `${runs} releases of each kind, ${3 * runs} without a change, seed ${seed}: the same seed gives the same figures.`,
    howToRead,
    '## False rollbacks',
    falseAlarms(same),
    '## Aims',
    [
      `- At least 300 requests a minute, at most half the bad answers of the best tuned: ${aim(
        changed.filter(({ truth }) => truth.requestsPerMinute >= 300),
        0.5,
      )}`,
      `- Below, never more than theirs: ${aim(
        changed.filter(({ truth }) => truth.requestsPerMinute < 300),
        1,
      )}`,
      `- Constant differences of errors: ${reach(changed)}`,
    ].join('\n'),
    ...traffics.flatMap((traffic) => [
      `## ${traffic} requests a minute`,
      changes(changed.filter(({ truth }) => truth.requestsPerMinute === traffic)),
    ]),
  ]
    .join('\n\n')
    .concat('\n');
}
