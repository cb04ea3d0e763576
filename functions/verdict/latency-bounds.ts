import type { Answers } from './answers.ts';

/** One decade of the preferred numbers R20 (ISO 3): each is about 12 % above the one before, and fit to be read. */
const decade = [
  1, 1.12, 1.25, 1.4, 1.6, 1.8, 2, 2.24, 2.5, 2.8, 3.15, 3.55, 4, 4.5, 5, 5.6, 6.3, 7.1, 8, 9,
] as const;

/**
 * Upper bounds of the latency buckets in milliseconds, inclusive, from 1 ms to 56 s. They are fixed so that histograms of
 * any two revisions can be added and compared; at 12 % a step a slow-down of 30 % moves an answer by two buckets.
 */
export const latencyBoundsMs: readonly number[] = [1, 10, 100, 1000, 10_000]
  .flatMap((scale) => decade.map((step) => Math.round(step * scale * 100) / 100))
  .filter((bound) => bound <= 56_000);

/** How many answers were slower than `latencyBoundsMs[bound]`; none can be for a bound beyond the last. */
export function slowerThan(answers: Answers, bound: number): number {
  let slower = 0;
  for (let bucket = bound + 1; bucket <= latencyBoundsMs.length; bucket += 1)
    slower += answers.latency[bucket] ?? 0;
  return slower;
}

/** The index of the first bound that at most `share` of the counted answers exceed. */
export function boundExceededBy(share: number, latency: readonly number[]): number {
  const allowed = share * latency.reduce((sum, count) => sum + count, 0);
  let bound = latencyBoundsMs.length - 1;
  let slower = latency[latencyBoundsMs.length] ?? 0;
  while (bound > 0 && slower + (latency[bound] ?? 0) <= allowed) {
    slower += latency[bound] ?? 0;
    bound -= 1;
  }
  return bound;
}

/** The index of the lowest bound that is at least so high; one beyond the last if none is. */
export function boundAtLeast(ms: number): number {
  const bound = latencyBoundsMs.findIndex((limit) => limit >= ms);
  return bound === -1 ? latencyBoundsMs.length : bound;
}

/** How many buckets up an answer goes that takes `factor` times as long, rounded up; none for less than one. */
export function stepsOf(factor: number): number {
  return Math.max(0, Math.ceil(Math.log10(factor) * decade.length - 1e-9));
}
