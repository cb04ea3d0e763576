import type { Stretch } from './answers.ts';
import { countsOf, type Count } from './counts.ts';
import { errorsOf, findAlarm, judgeQuiet, missesOf, type CountState } from './judge-count.ts';
import type { CountFigures } from './figures.ts';
import type { MetricsPolicy } from './metrics-policy.ts';
import { isComparable, joined, only, sum } from './samples.ts';
import { ratioInterval } from './ratio-interval.ts';
import { reasonOf } from './reasons.ts';

export interface MetricsJudgement {
  readonly verdict: 'healthy' | 'unhealthy' | 'inconclusive';
  /** Sentences with figures, the decisive ones first. */
  readonly reasons: readonly string[];
  readonly figures: {
    /** The end of the stretch that made it unhealthy. */
    readonly unhealthySince: string | undefined;
    readonly counts: readonly CountFigures[];
  };
}

interface Alarmed {
  readonly count: Count;
  readonly error: number;
  readonly alarm: ReturnType<typeof findAlarm>;
}

function alarmsOf(policy: MetricsPolicy, stretches: readonly Stretch[]): Alarmed[] {
  const counts = countsOf(policy, stretches);
  const weights = counts.reduce((sum, { weight }) => sum + weight, 0);
  return counts.map((count) => {
    const error = (policy.falseAlarmRate * count.weight) / weights;
    return { count, error, alarm: findAlarm(count, policy, error) };
  });
}

/**
 * The index of the first stretch after which the candidate is unhealthy, whatever comes later; undefined if there is
 * none. The same as asking `judgeMetrics` after every stretch.
 */
export function firstUnhealthy(policy: MetricsPolicy, stretches: readonly Stretch[]): number | undefined {
  const found = alarmsOf(policy, stretches).flatMap(({ alarm }) => (alarm === undefined ? [] : [alarm.at]));
  return found.length === 0 ? undefined : Math.min(...found);
}

const urgency: readonly CountState[] = [
  'worse',
  'above limit',
  'both bad',
  'open',
  'not worse',
  'within limit',
  'not judged',
];

function verdictOf(states: readonly CountState[]): MetricsJudgement['verdict'] {
  if (states.some((state) => state === 'worse' || state === 'above limit')) return 'unhealthy';
  if (states.some((state) => state === 'both bad' || state === 'open')) return 'inconclusive';
  return 'healthy';
}

function figuresOf(count: Count, error: number, state: CountState, policy: MetricsPolicy): CountFigures {
  const { tallies, ...alone } = count.alone;
  return {
    was: count.was,
    state,
    candidate: sum(count.samples.map(({ candidate }) => candidate)),
    stable: sum(count.samples.map(({ stable }) => stable)),
    ratio: ratioInterval(only(joined(count.samples), isComparable), {
      least: errorsOf(count, error).worse,
      most: missesOf(policy.missRate).better,
    }),
    alone: { ...sum(tallies), ...alone },
  };
}

/**
 * What the answers of a release say, from its first stretch to its last. It may be asked as often as one likes: the
 * error rates of the policy hold for all the looks together, and unhealthy stays unhealthy.
 */
export function judgeMetrics(policy: MetricsPolicy, stretches: readonly Stretch[]): MetricsJudgement {
  const alarmed = alarmsOf(policy, stretches);
  const counts = alarmed
    .map(({ count, error, alarm }) =>
      figuresOf(count, error, alarm?.state ?? judgeQuiet(count, policy), policy),
    )
    .sort((a, b) => urgency.indexOf(a.state) - urgency.indexOf(b.state));
  const ats = alarmed.flatMap(({ alarm }) => (alarm === undefined ? [] : [alarm.at]));
  return {
    verdict: verdictOf(counts.map(({ state }) => state)),
    reasons: counts.map((count) => reasonOf(count, policy)),
    figures: { unhealthySince: stretches[Math.min(...ats)]?.to, counts },
  };
}
