import { performance } from 'node:perf_hooks';

/** Time since the test began, in milliseconds. */
export interface Clock {
  now(): number;
  /** Resolves at that time, at once if it has passed, or when the signal aborts. */
  until(atMs: number, signal: AbortSignal): Promise<void>;
}

export function createClock(): Clock {
  const began = performance.now();
  const now = (): number => performance.now() - began;
  return {
    now,
    until: (atMs, signal) =>
      new Promise((resolve) => {
        const left = atMs - now();
        if (left <= 0 || signal.aborted) {
          resolve();
          return;
        }
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, Math.ceil(left));
        signal.addEventListener('abort', end, { once: true });
      }),
  };
}
