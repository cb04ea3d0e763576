import { randomInt } from 'node:crypto';
import type { Clock } from '../core/clock.ts';

/**
 * Ids of 19 digits that only ever grow, so that they sort in the order of publishing; random below the millisecond, so
 * that they differ across restarts even when the clock stands still.
 */
export function createMessageIds(clock: Clock, newest = '0'): () => string {
  let last = BigInt(newest);
  return () => {
    const byTime = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(randomInt(1_000_000));
    last = byTime > last ? byTime : last + 1n;
    return String(last).padStart(19, '0');
  };
}
