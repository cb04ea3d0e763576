import type { Answers, Stretch } from './answers.ts';
import { boundAtLeast, latencyBoundsMs, stepsOf } from './latency-bounds.ts';
import type { MetricsPolicy } from './metrics-policy.ts';
import { nothing, type Sample, type Tally } from './samples.ts';
import { amongSlowest, slow, slowerThanStable } from './slow-answers.ts';

/** One kind of bad answer, counted on both sides. */
export interface Count {
  /** What a bad answer did, as the end of a sentence: "failed". */
  readonly was: string;
  /** Both sides, one for each stretch. */
  readonly samples: readonly Sample[];
  /** The candidate held against a limit, whatever stable does: if it is surely below, it is good. */
  readonly alone: {
    readonly was: string;
    readonly tallies: readonly Tally[];
    readonly limit: number;
    /** Whether a candidate surely above the limit is bad where there is no stable side to compare with. */
    readonly binding: boolean;
  };
  /** How much of the false alarm rate this count may spend, beside the others. */
  readonly weight: number;
}

function budgeted(
  stretches: readonly Stretch[],
  was: string,
  tally: (answers: Answers) => Tally,
  limit: number,
  weight: number,
): Count {
  const samples = stretches.map(({ candidate, stable }) => ({
    candidate: tally(candidate),
    stable: stable === undefined ? nothing : tally(stable),
  }));
  const tallies = samples.map(({ candidate }) => candidate);
  return { was, samples, alone: { was, tallies, limit, binding: true }, weight };
}

const failed = ({ total, errors }: Answers): Tally => ({ total, bad: Math.min(errors, total) });

/** The share whose odds are `ratio` times those of `share`. */
function withOdds(share: number, ratio: number): number {
  return (ratio * share) / (ratio * share + 1 - share);
}

/** One count looks at the slowest answers, the other at a slow-down of them all. */
const slowShares = [0.05, 0.25] as const;

/** All that is counted under this policy. */
export function countsOf(policy: MetricsPolicy, stretches: readonly Stretch[]): Count[] {
  const { errorBudget, latencyBudgetMs, toleratedSlowdown } = policy;
  const steps = stepsOf(toleratedSlowdown);
  const counts: Count[] = [
    // Errors come one by one and slow answers by the dozen: where events are rare, each share of the rate counts.
    budgeted(stretches, 'failed', failed, errorBudget, 8),
    ...slowShares.map((share): Count => {
      const percent = Math.round(100 * share);
      return {
        was: `were among the slowest ${percent} %`,
        samples: amongSlowest(stretches, share, steps),
        alone: {
          was: `were slower than all but ${percent} % of stable's`,
          tallies: slowerThanStable(stretches, share, steps),
          limit: withOdds(share, policy.notWorseRatio),
          binding: false,
        },
        weight: 1,
      };
    }),
  ];
  if (latencyBudgetMs === undefined) return counts;
  const bound = boundAtLeast(latencyBudgetMs);
  const was = `were slower than ${latencyBoundsMs[bound] ?? latencyBudgetMs} ms`;
  return [...counts, budgeted(stretches, was, (answers) => slow(answers, bound), errorBudget, 2)];
}
