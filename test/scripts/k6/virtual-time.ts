import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../scripts/k6/clock.ts';

export interface VirtualClock extends Clock {
  /** Lets time pass, as far as somebody waits for it, until `work` has ended. */
  run(work: Promise<unknown>): Promise<void>;
}

/** Time that passes only when everybody waits. */
export function createVirtualClock(): VirtualClock {
  let now = 0;
  const waiting = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => now,
    until(at, signal) {
      if (at <= now || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const entry = {
          at,
          wake() {
            waiting.delete(entry);
            resolve();
          },
        };
        waiting.add(entry);
        signal.addEventListener('abort', entry.wake, { once: true });
      });
    },
    async run(work) {
      const state = { over: false };
      const settled = work.finally(() => (state.over = true));
      settled.catch(() => undefined);
      for (;;) {
        await setImmediate();
        if (state.over) break;
        const next = [...waiting].sort((a, b) => a.at - b.at)[0];
        if (!next) throw new Error(`everybody waits for nothing at ${now} ms`);
        now = next.at;
        next.wake();
      }
      await settled;
    },
  };
}
