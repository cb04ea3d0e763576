import { plus, type Distribution } from './distribution.ts';

/**
 * A one-sided test that may be looked at after every step. It follows the exact distribution that the count would have
 * under the null hypothesis among all histories that were not yet stopped, and stops at the smallest count for which the
 * chance of having stopped by now stays within what may be spent by now.
 */
export interface Walk {
  /** What is left of the histories that were not stopped; `1 - spent` in all. */
  readonly going: Distribution;
  readonly count: number;
  /** The chance under the null hypothesis to have stopped by now. */
  readonly spent: number;
  readonly stopped: boolean;
}

export const walkStart: Walk = {
  going: { low: 0, mass: Float64Array.of(1) },
  count: 0,
  spent: 0,
  stopped: false,
};

/** What is trimmed is lost to the books; a million steps of it are still nothing beside an error rate. */
const negligible = 1e-16;

/** One step on: `distribution` is that of `count` under the null hypothesis, `allowed` what may have been spent by now. */
export function advance(walk: Walk, distribution: Distribution, count: number, allowed: number): Walk {
  const { low, mass } = plus(walk.going, distribution);
  const total = walk.count + count;
  let spent = walk.spent;
  let end = mass.length;
  for (let p = mass[end - 1]; p !== undefined && spent + p <= allowed; p = mass[end - 1]) {
    spent += p;
    end -= 1;
  }
  let start = 0;
  while (start < end - 1 && (mass[start] ?? 0) < negligible) start += 1;
  return {
    going: { low: low + start, mass: mass.slice(start, end) },
    count: total,
    spent,
    stopped: walk.stopped || total >= low + end,
  };
}
