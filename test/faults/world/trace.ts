import { hash } from './dice.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What happened, in order. */
export interface Trace {
  (line: string): void;
  /** Of all lines so far: two runs with the same one went the same way. */
  readonly hash: string;
  /** The last lines, as many as are kept. */
  readonly tail: readonly string[];
}

/** `02:03:04.567` since `start`. */
export const clockTime = (ms: number): string => new Date(ms).toISOString().slice(11, 23);

export function createTrace(clock: VirtualClock, start: number, kept: number): Trace {
  let running = 0;
  let lines: string[] = [];
  const trace = (line: string): void => {
    const text = `${clockTime(clock.now() - start)} ${line}`;
    running = hash(text, running);
    lines.push(text);
    if (lines.length > 2 * kept) lines = lines.slice(-kept);
  };
  return Object.defineProperties(trace, {
    hash: { get: () => running.toString(16).padStart(8, '0') },
    tail: { get: () => lines.slice(-kept) },
  }) as Trace;
}
