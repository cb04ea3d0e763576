import { latencyBoundsMs } from '../../functions/verdict/latency-bounds.ts';
import type { Random } from '../../local/core/random.ts';

/** The normal distribution function, to 1e-7 (Abramowitz and Stegun 26.2.17). */
export function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
  return z >= 0 ? 1 - tail : tail;
}

/** The share of answers in each latency bucket when latencies are log-normal. */
export function bucketShares(medianMs: number, spread: number): number[] {
  const below = latencyBoundsMs.map((bound) => normalBelow(Math.log(bound / medianMs) / spread));
  return [...below, 1].map((share, bucket) => share - (below[bucket - 1] ?? 0));
}

/** Draws a bucket by its share, in constant time (Walker's alias method). */
export function createPicker(shares: readonly number[]): (random: Random) => number {
  const cut = shares.map((share) => share * shares.length);
  const alias = shares.map((_, bucket) => bucket);
  const small = cut.flatMap((weight, bucket) => (weight < 1 ? [bucket] : []));
  const large = cut.flatMap((weight, bucket) => (weight >= 1 ? [bucket] : []));
  for (let poor = small.pop(), rich = large.at(-1); poor !== undefined && rich !== undefined;) {
    alias[poor] = rich;
    const left = (cut[rich] ?? 0) - (1 - (cut[poor] ?? 0));
    cut[rich] = left;
    if (left < 1) {
      large.pop();
      small.push(rich);
    }
    poor = small.pop();
    rich = large.at(-1);
  }
  return (random) => {
    const at = random() * shares.length;
    const bucket = Math.floor(at);
    return at - bucket < (cut[bucket] ?? 1) ? bucket : (alias[bucket] ?? bucket);
  };
}
