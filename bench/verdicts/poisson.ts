import type { Random } from '../../local/core/random.ts';

/** Above this `exp(-mean)` comes near the end of what a number can hold. */
const largestMean = 500;

/** A Poisson number by Knuth's product of uniforms. */
export function poisson(mean: number, random: Random): number {
  if (mean > largestMean) return poisson(mean / 2, random) + poisson(mean / 2, random);
  const limit = Math.exp(-mean);
  let events = 0;
  for (let product = random(); product > limit; product *= random()) events += 1;
  return events;
}
