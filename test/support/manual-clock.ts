import type { Clock } from '../../local/core/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on and runs what falls due on the way, in order. */
  advance(ms: number): void;
  /** How many timers are set. */
  readonly timers: number;
  /** In how many milliseconds each of them falls due. */
  readonly dueInMs: readonly number[];
  /** How many have been set so far. */
  readonly timersEver: number;
}

/** A clock that only moves when a test says so. */
export function manualClock(start = Date.parse('2026-03-02T10:00:00Z')): ManualClock {
  let now = start;
  let sequence = 0;
  const timers = new Map<number, { dueAt: number; task: () => void }>();
  return {
    now: () => now,
    after(delayMs, task) {
      const id = (sequence += 1);
      timers.set(id, { dueAt: now + Math.max(0, delayMs), task });
      return () => {
        timers.delete(id);
      };
    },
    advance(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...timers]
          .filter(([, { dueAt }]) => dueAt <= until)
          .sort(([a, x], [b, y]) => x.dueAt - y.dueAt || a - b);
        if (!next) break;
        const [id, { dueAt, task }] = next;
        timers.delete(id);
        now = Math.max(now, dueAt);
        task();
      }
      now = until;
    },
    get timers() {
      return timers.size;
    },
    get dueInMs() {
      return [...timers.values()].map(({ dueAt }) => dueAt - now);
    },
    get timersEver() {
      return sequence;
    },
  };
}
