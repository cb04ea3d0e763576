import type { Count } from './counts.ts';
import type { MetricsPolicy } from './metrics-policy.ts';
import { halfWay, isComparable, joined, only } from './samples.ts';
import { surelyAbove, surelyBelow, surelyBetter, surelyWorse } from './surely.ts';

/** Of a count's false alarm rate: what goes to the stretches in which there is nothing to compare with. */
const aloneShare = 0.05;
/** Of a count's miss rate: what goes to the comparison; the rest goes to the limit. */
const betterShare = 0.25;

export type CountState =
  /** Surely worse than stable. */
  | 'worse'
  /** Surely above the limit, with no stable side to compare with. */
  | 'above limit'
  /** Surely above the limit, but nothing shows that it is worse than stable. */
  | 'both bad'
  /** Surely below the ratio that counts as not worse. */
  | 'not worse'
  /** Surely below the limit. */
  | 'within limit'
  /** There is nothing that it could be compared with, and no limit. */
  | 'not judged'
  | 'open';

export interface Alarm {
  readonly state: 'worse' | 'above limit';
  /** The index of the stretch that made it sure. */
  readonly at: number;
}

/** How the false alarm rate of a count is split between comparing it and judging it alone. */
export function errorsOf(
  { alone }: Pick<Count, 'alone'>,
  error: number,
): { readonly worse: number; readonly above: number } {
  const above = alone.binding ? error * aloneShare : 0;
  return { worse: error - above, above };
}

/** How the miss rate of a count is split between its two grounds for healthy. */
export function missesOf(missRate: number): { readonly better: number; readonly below: number } {
  const better = missRate * betterShare;
  return { better, below: missRate - better };
}

/** The first stretch at which this count shows a candidate to be taken back; `error` is all that it may spend. */
export function findAlarm(count: Count, policy: MetricsPolicy, error: number): Alarm | undefined {
  const errors = errorsOf(count, error);
  const samples = joined(count.samples);
  const worse = surelyWorse(only(samples, isComparable), policy.toleratedErrorRatio, errors.worse);
  // With a stable side to compare with, a limit alone blames nobody: what both depend on may be down.
  const lonely = only(samples, (sample) => !isComparable(sample)).map(({ candidate }) => candidate);
  const above = count.alone.binding ? surelyAbove(lonely, count.alone.limit, errors.above) : undefined;
  if (worse !== undefined && (above === undefined || worse <= above)) return { state: 'worse', at: worse };
  return above === undefined ? undefined : { state: 'above limit', at: above };
}

/** What a count says where it raises no alarm. */
export function judgeQuiet(count: Count, policy: MetricsPolicy): CountState {
  const { limit, binding, tallies } = count.alone;
  const misses = missesOf(policy.missRate);
  const half = halfWay(count.samples.map(({ candidate }) => candidate));
  if (binding && surelyAbove(tallies.slice(half), limit, policy.missRate) !== undefined) return 'both bad';
  const compared = only(joined(count.samples), isComparable);
  const recent = only(joined(count.samples.slice(half)), isComparable);
  // What was good for long may be going bad: the later half alone must give no ground for suspicion.
  if (surelyWorse(recent, policy.toleratedErrorRatio, policy.missRate) !== undefined) return 'open';
  if (surelyBelow(tallies, limit, misses.below) !== undefined) return 'within limit';
  if (surelyBetter(compared, policy.notWorseRatio, misses.better) !== undefined) return 'not worse';
  const nothingToJudgeBy = tallies.every(({ total }) => total === 0) && !count.samples.some(isComparable);
  return !binding && nothingToJudgeBy ? 'not judged' : 'open';
}
