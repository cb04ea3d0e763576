/** A step of a build that has run. */
export interface TimedStep {
  readonly id: string;
  /** As in the build config: nothing waits for every step before it, `-` for none. */
  readonly waitFor: readonly string[];
  readonly ms: number;
}

export interface CriticalPath {
  /** What the build takes at least, however many steps run side by side. */
  readonly ms: number;
  /** What it would take with one step after the other. */
  readonly sumMs: number;
  /** The ids on the way, the first step first. */
  readonly steps: readonly string[];
}

interface Way {
  readonly ms: number;
  readonly steps: readonly string[];
}

/**
 * The longest way through a build's steps, each as long as it took. A step can wait only for those that stand before it.
 * Throws for one that waits for a step that is not there.
 * https://cloud.google.com/build/docs/configuring-builds/configure-build-step-order
 */
export function criticalPath(steps: readonly TimedStep[]): CriticalPath {
  const nothing: Way = { ms: 0, steps: [] };
  const longest = (ways: Iterable<Way>): Way =>
    [...ways].reduce((best, way) => (way.ms > best.ms ? way : best), nothing);
  const ways = new Map<string, Way>();
  const wayTo = (step: string, before: string): Way => {
    const way = ways.get(before);
    if (way === undefined) throw new Error(`${step} waits for ${before}, which does not stand before it`);
    return way;
  };
  for (const { id, waitFor, ms } of steps) {
    const before =
      waitFor.length === 0
        ? ways.values()
        : waitFor.filter((each) => each !== '-').map((each) => wayTo(id, each));
    const way = longest(before);
    ways.set(id, { ms: way.ms + ms, steps: [...way.steps, id] });
  }
  return { ...longest(ways.values()), sumMs: steps.reduce((sum, { ms }) => sum + ms, 0) };
}
