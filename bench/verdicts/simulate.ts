import type { Answers, Stretch } from '../../functions/verdict/answers.ts';
import { latencyBoundsMs } from '../../functions/verdict/latency-bounds.ts';
import type { Random } from '../../local/core/random.ts';
import { bucketShares, createPicker } from './log-normal.ts';
import { poisson } from './poisson.ts';
import { canaryShare, horizonMinutes, stretchSeconds, type Truth } from './truth.ts';

/** One release, as those see it who judge it: a stretch every ten seconds. */
export type Release = readonly Stretch[];

const medianMs = 100;
const spread = 0.5;

function side(
  requests: number,
  errorRate: number,
  pick: (random: Random) => number,
  random: Random,
): Answers {
  const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  const total = poisson(requests, random);
  let errors = 0;
  for (let answer = 0; answer < total; answer += 1) {
    if (random() < errorRate) errors += 1;
    const bucket = pick(random);
    latency[bucket] = (latency[bucket] ?? 0) + 1;
  }
  return { total, errors, latency };
}

export type Simulator = (random: Random) => Release;

/** Draws releases of which `truth` is true. */
export function createSimulator(truth: Truth): Simulator {
  const pickStable = createPicker(bucketShares(medianMs, spread));
  const pickCandidate = createPicker(bucketShares(medianMs * truth.latencyFactor, spread));
  const requests = (truth.requestsPerMinute * stretchSeconds) / 60;
  return (random) =>
    Array.from({ length: (horizonMinutes * 60) / stretchSeconds }, (_, index): Stretch => {
      const startMs = index * stretchSeconds * 1000;
      const rate = truth.errorRate * truth.errorFactor(startMs / 60_000);
      return {
        from: new Date(startMs).toISOString(),
        to: new Date(startMs + stretchSeconds * 1000).toISOString(),
        candidate: side(requests * canaryShare, rate, pickCandidate, random),
        stable: side(requests * (1 - canaryShare), truth.errorRate, pickStable, random),
      };
    });
}

/** Stable's true 95th percentile, as the index of a latency bound. */
export const trueP95 = latencyBoundsMs.findIndex((bound) => bound >= medianMs * Math.exp(1.645 * spread));
