import type { Clock } from '../../../local/core/clock.ts';

export interface SkippingClock extends Clock {
  /** Moves time on at once; what falls due runs. */
  skip(ms: number): void;
}

/** Runs with the real clock, so that real processes can be waited for, and can be moved on. */
export function skippingClock(): SkippingClock {
  let skipped = 0;
  const timers = new Map<object, { dueAt: number; run: () => void }>();
  const now = (): number => Date.now() + skipped;
  return {
    now,
    after(delayMs, task) {
      const key = {};
      const run = (): void => {
        if (timers.delete(key)) task();
      };
      const timer = setTimeout(run, delayMs);
      timer.unref();
      timers.set(key, { dueAt: now() + delayMs, run });
      return () => {
        clearTimeout(timer);
        timers.delete(key);
      };
    },
    skip(ms) {
      skipped += ms;
      for (const { dueAt, run } of [...timers.values()]) if (dueAt <= now()) run();
    },
  };
}
