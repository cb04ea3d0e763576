/** When the parts of one release happened, in milliseconds since the epoch. */
export interface ReleaseTimes {
  readonly pushed: number;
  readonly buildCreated: number;
  readonly buildStarted: number;
  readonly steps: readonly { readonly from: number; readonly to: number }[];
  /** The first probe and the last before the verdict: the time for which the policy wants the candidate watched. */
  readonly watched: { readonly from: number; readonly to: number };
  /** Where it had a share of the traffic for as long as the policy says, all of it at the end. */
  readonly served: readonly { readonly from: number; readonly to: number }[];
  readonly live: number;
}

export interface Shares {
  readonly totalMs: number;
  /** Somebody else's steps ran: install, tests, image, deploy. */
  readonly stepsMs: number;
  readonly watchMs: number;
  /** The build waited for a place. */
  readonly queueMs: number;
  /** The rest is the pipeline's own. */
  readonly ownMs: number;
}

/** Length of the union of intervals: steps run side by side. */
export function unionMs(intervals: readonly { readonly from: number; readonly to: number }[]): number {
  let covered = 0;
  let until = -Infinity;
  for (const { from, to } of intervals.toSorted((a, b) => a.from - b.from)) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return covered;
}

/** What of the time from push to live was whose. Steps and watch may overlap: the candidate is there before its build ends. */
export function shares({
  pushed,
  buildCreated,
  buildStarted,
  steps,
  watched,
  served,
  live,
}: ReleaseTimes): Shares {
  const totalMs = live - pushed;
  const stepsMs = unionMs(steps);
  const watchMs = unionMs([...steps, watched, ...served]) - stepsMs;
  const queueMs = Math.max(0, buildStarted - buildCreated);
  return { totalMs, stepsMs, watchMs, queueMs, ownMs: totalMs - stepsMs - watchMs - queueMs };
}
