import { latencyBoundsMs } from '../../functions/verdict/latency-bounds.ts';
import { defaultMetricsPolicy } from '../../functions/verdict/metrics-policy.ts';
import { createRandom } from '../../local/core/random.ts';
import { limitFor, takenBack, type Family } from './judge.ts';
import { mannWhitneyFamily, windowShapes } from './mann-whitney.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { ours } from './ours.ts';
import { createSimulator, trueP95, type Release } from './simulate.ts';
import { sprt } from './sprt.ts';
import { thresholdFamily, thresholdShapes } from './threshold.ts';
import type { Truth } from './truth.ts';
import { failed, seriesOf, slowerThanBound, type Series } from './windows.ts';

export const falseAlarmRate = defaultMetricsPolicy.falseAlarmRate;
const strictPolicy = { ...defaultMetricsPolicy, toleratedSlowdown: 1 };

/** What the candidate did, as seen through every metric that is tried, and when this verdict took it back. */
export interface Runs {
  /** By metric: the errors first, then the shares slower than some bounds. */
  readonly series: readonly (readonly Series[])[];
  readonly every10s: readonly (number | undefined)[];
  readonly everyMinute: readonly (number | undefined)[];
  /** Looks every ten seconds, and no slow-down at all is tolerated. */
  readonly strict: readonly (number | undefined)[];
}

const boundAt = (ms: number): number => latencyBoundsMs.findIndex((bound) => bound >= ms);
const p95 = slowerThanBound(trueP95);
/** Stable's true p50, p75 and p95, and what the default threshold looks at. */
const slowMetrics = [
  slowerThanBound(boundAt(100)),
  slowerThanBound(boundAt(140)),
  p95,
  slowerThanBound(boundAt(500)),
];
const metrics = [failed, ...slowMetrics];
const metricsFor = (truth: Truth): readonly number[] => (truth.kind === 'latency' ? [1, 2, 3] : [0]);

function simulate(
  truth: Truth,
  runs: number,
  seed: number,
  stream: string,
  see: (release: Release) => void,
): void {
  const simulator = createSimulator(truth);
  for (let run = 0; run < runs; run += 1)
    see(simulator(createRandom(seed, `${stream}/${truth.requestsPerMinute}/${truth.name}/${run}`)));
}

/** Every metric of releases of which `truth` is true, for others to be tuned by. */
export function simulateSeries(truth: Truth, runs: number, seed: number, stream: string): Runs['series'] {
  const series: Series[][] = metrics.map(() => []);
  simulate(truth, runs, seed, stream, (release) => {
    metrics.forEach((bad, metric) => series[metric]?.push(seriesOf(release, bad)));
  });
  return series;
}

/** The same, judged by this verdict too. */
export function simulateRuns(truth: Truth, runs: number, seed: number, stream: string): Runs {
  const series: Series[][] = metrics.map(() => []);
  const every10s: (number | undefined)[] = [];
  const everyMinute: (number | undefined)[] = [];
  const strict: (number | undefined)[] = [];
  simulate(truth, runs, seed, stream, (release) => {
    metrics.forEach((bad, metric) => series[metric]?.push(seriesOf(release, bad)));
    every10s.push(ours(defaultMetricsPolicy, release, 1));
    everyMinute.push(ours(defaultMetricsPolicy, release, 6));
    if (truth.kind !== 'errors') strict.push(ours(strictPolicy, release, 1));
  });
  return { series, every10s, everyMinute, strict };
}

/** A way of judging with its limit set. */
interface Tuned {
  readonly family: Family;
  readonly metric: number;
  readonly limit: number;
}

export interface Tuning {
  readonly threshold: readonly Tuned[];
  readonly mannWhitney: readonly Tuned[];
}

function tuneAll(families: readonly Family[], truth: Truth, good: Runs): Tuned[] {
  return metricsFor(truth).flatMap((metric) =>
    families.map((family) => ({
      family,
      metric,
      limit: limitFor(family, good.series[metric] ?? [], falseAlarmRate),
    })),
  );
}

const thresholds = thresholdShapes.map(thresholdFamily);
const mannWhitneys = windowShapes.map(mannWhitneyFamily);

/** The limits of every shape that take back at most as many of these good releases as is allowed. */
export function tune(truth: Truth, good: Runs): Tuning {
  return { threshold: tuneAll(thresholds, truth, good), mannWhitney: tuneAll(mannWhitneys, truth, good) };
}

const defaultThreshold = thresholdFamily({ intervalSeconds: 60, failures: 5, counted: 'in all' });
const defaultMannWhitney = mannWhitneyFamily({ windowSeconds: 60, judgeEvery: 10, lookBack: Infinity });

export interface Comparison {
  readonly truth: Truth;
  readonly every10s: Outcome;
  readonly everyMinute: Outcome;
  /** No slow-down tolerated; undefined where it makes no difference. */
  readonly strict: Outcome | undefined;
  readonly thresholdDefault: Outcome;
  readonly mannWhitneyDefault: Outcome;
  /** With knowledge of the truth; undefined for releases without a change, because there is nothing to tune for. */
  readonly thresholdTuned: Outcome | undefined;
  readonly mannWhitneyTuned: Outcome | undefined;
  readonly sprt: Outcome | undefined;
}

/** `rehearsal`: other releases of which the same is true, by which the shape of the others is chosen. */
export function compare(
  truth: Truth,
  runs: Runs,
  tuned?: { readonly tuning: Tuning; readonly rehearsal: Runs['series'] },
): Comparison {
  const slow = truth.kind === 'latency';
  const badIn = (series: Runs['series']): Uint32Array[] =>
    (series[slow ? 3 : 0] ?? []).map(({ candidateBad }) => candidateBad);
  const by = ({ family, metric, limit }: Tuned, series: Runs['series']): Outcome =>
    outcomeOf(
      badIn(series),
      (series[metric] ?? []).map((one) => takenBack(family, limit, one)),
    );
  const best = (kind: keyof Tuning): Outcome | undefined => {
    if (tuned === undefined) return undefined;
    const rehearsed = tuned.tuning[kind].map((one) => ({ one, bad: by(one, tuned.rehearsal).meanBad }));
    return by(rehearsed.reduce((a, b) => (b.bad < a.bad ? b : a)).one, runs.series);
  };
  const bad = badIn(runs.series);
  const ratio = truth.errorFactor(0);
  return {
    truth,
    every10s: outcomeOf(bad, runs.every10s),
    everyMinute: outcomeOf(bad, runs.everyMinute),
    strict: runs.strict.length > 0 ? outcomeOf(bad, runs.strict) : undefined,
    thresholdDefault: by({ family: defaultThreshold, metric: slow ? 4 : 0, limit: 0.01 }, runs.series),
    mannWhitneyDefault: by({ family: defaultMannWhitney, metric: slow ? 3 : 0, limit: 0.99 }, runs.series),
    thresholdTuned: best('threshold'),
    mannWhitneyTuned: best('mannWhitney'),
    sprt:
      truth.kind === 'errors' && ratio > 1
        ? outcomeOf(
            bad,
            (runs.series[0] ?? []).map((series) => sprt(series, ratio, falseAlarmRate)),
          )
        : undefined,
  };
}
