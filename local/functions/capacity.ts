import type { Clock } from '../core/clock.ts';

/** Places for requests under way; those beyond wait for a while, first come first served. */
export interface Capacity {
  /** Resolves with a function that gives the place back, or with undefined when none came free in time. */
  take(): Promise<(() => void) | undefined>;
}

export function createCapacity(clock: Clock, places: () => number, waitMs: number): Capacity {
  const waiting: (() => void)[] = [];
  let taken = 0;
  const release = (): (() => void) => {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      taken -= 1;
      if (taken < places()) waiting.shift()?.();
    };
  };
  return {
    take() {
      if (taken < places()) {
        taken += 1;
        return Promise.resolve(release());
      }
      return new Promise((resolve) => {
        const enter = (): void => {
          cancel();
          taken += 1;
          resolve(release());
        };
        const cancel = clock.after(waitMs, () => {
          waiting.splice(waiting.indexOf(enter), 1);
          resolve(undefined);
        });
        waiting.push(enter);
      });
    },
  };
}
