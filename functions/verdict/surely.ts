import { binomial, mean, sharedOut } from './distribution.ts';
import type { Sample, Tally } from './samples.ts';
import { testForgetting, testOf, type Step } from './sequential-test.ts';

/**
 * The bad answers of a stretch are shared out between the two sides: how many there are and how the traffic is split
 * does not matter, so load, hour, base rate and share may change as they like.
 */
function shareOfCandidate({ candidate, stable }: Sample, limit: number): Step | undefined {
  const bad = candidate.bad + stable.bad;
  if (bad === 0) return undefined;
  const distribution = sharedOut(candidate.total, stable.total, bad, limit);
  return { count: candidate.bad, distribution, expected: mean(distribution) };
}

/** The candidate's odds of a bad answer are more than `limit` times stable's, in all or since some time. */
export const surelyWorse = testForgetting(shareOfCandidate);

/** The same in all only. */
export const surelyWorseInAll = testOf(shareOfCandidate);

/** The mirror: the candidate's odds of a bad answer are less than `limit` times stable's. */
export const surelyBetter = testOf(({ candidate, stable }: Sample, limit) => {
  const bad = candidate.bad + stable.bad;
  if (bad === 0) return undefined;
  const distribution = sharedOut(stable.total, candidate.total, bad, 1 / limit);
  return { count: stable.bad, distribution, expected: bad - mean(distribution) };
});

/** The share of bad answers is above `limit`, in all or since some time. */
export const surelyAbove = testForgetting(({ total, bad }: Tally, limit) =>
  total === 0 ? undefined : { count: bad, distribution: binomial(total, limit), expected: total * limit },
);

/** The mirror: the share of bad answers is below `limit`. */
export const surelyBelow = testOf(({ total, bad }: Tally, limit) =>
  total === 0
    ? undefined
    : { count: total - bad, distribution: binomial(total, 1 - limit), expected: total * limit },
);
