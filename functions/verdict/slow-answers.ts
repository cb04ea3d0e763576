import type { Answers, Stretch } from './answers.ts';
import { boundExceededBy, latencyBoundsMs, slowerThan } from './latency-bounds.ts';
import { nothing, type Sample, type Tally } from './samples.ts';

export function slow(answers: Answers, bound: number): Tally {
  return {
    total: answers.latency.reduce((sum, count) => sum + count, 0),
    bad: slowerThan(answers, bound),
  };
}

/** Adds a histogram to `sum`, every answer as if it had been `steps` buckets faster. */
function add(sum: number[], latency: readonly number[], steps: number): void {
  latency.forEach((count, bucket) => {
    const faster = Math.max(0, bucket - steps);
    sum[faster] = (sum[faster] ?? 0) + count;
  });
}

const emptyHistogram = (): number[] => new Array<number>(latencyBoundsMs.length + 1).fill(0);

/**
 * Who gave the slowest answers: those slower than all but `share` of the answers of both sides so far. If the candidate
 * is no slower than stable by more than the tolerated `steps`, then its answers, made so much faster, and stable's are
 * alike, whoever gave which; so a bound that both sides set together, this stretch included, favours neither.
 */
export function amongSlowest(stretches: readonly Stretch[], share: number, steps: number): Sample[] {
  const seen = emptyHistogram();
  return stretches.map(({ candidate, stable }) => {
    add(seen, candidate.latency, steps);
    if (stable === undefined) return { candidate: nothing, stable: nothing };
    add(seen, stable.latency, 0);
    const bound = boundExceededBy(share, seen);
    return { candidate: slow(candidate, bound + steps), stable: slow(stable, bound) };
  });
}

/** So many of stable's answers say roughly where its percentiles are. */
const enoughForPercentile = 20;

/**
 * The candidate's answers slower than all but `share` of stable's, and by more than the tolerated `steps`. The bound of a
 * stretch comes from stable's answers before it; until there are enough the stretch counts nothing.
 */
export function slowerThanStable(stretches: readonly Stretch[], share: number, steps: number): Tally[] {
  const before = emptyHistogram();
  let seen = 0;
  return stretches.map(({ candidate, stable }) => {
    const bound = seen < enoughForPercentile ? undefined : boundExceededBy(share, before);
    if (stable !== undefined) {
      add(before, stable.latency, 0);
      seen += stable.latency.reduce((sum, count) => sum + count, 0);
    }
    return bound === undefined ? nothing : slow(candidate, bound + steps);
  });
}
