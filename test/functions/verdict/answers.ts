import type { Answers, Stretch } from '../../../functions/verdict/answers.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';

/** Answers of which the n-th took the n-th of `latenciesMs`, over and over. */
export function side(total: number, errors: number, latenciesMs: readonly number[] = [100]): Answers {
  const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  for (let answer = 0; answer < total; answer += 1) {
    const ms = latenciesMs[answer % latenciesMs.length] ?? 0;
    const bound = latencyBoundsMs.findIndex((limit) => limit >= ms);
    const bucket = bound === -1 ? latencyBoundsMs.length : bound;
    latency[bucket] = (latency[bucket] ?? 0) + 1;
  }
  return { total, errors, latency };
}

const epoch = Date.parse('2026-03-01T12:00:00Z');

/** Stretches of ten seconds, one after the other. */
export function stretches(
  sides: readonly { readonly candidate: Answers; readonly stable?: Answers }[],
): Stretch[] {
  return sides.map(({ candidate, stable }, index) => ({
    from: new Date(epoch + index * 10_000).toISOString(),
    to: new Date(epoch + (index + 1) * 10_000).toISOString(),
    candidate,
    stable,
  }));
}

export function repeat<T>(count: number, value: T): T[] {
  return new Array<T>(count).fill(value);
}
