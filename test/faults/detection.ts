import type { Probe } from '../../functions/release/release.ts';
import type { WorldRevision, WorldService } from './world/run.ts';

/** How long bad revisions keep traffic once the pipeline could have known. */
export interface Detection {
  probed(revision: WorldRevision, probe: Probe, at: number): void;
  served(after: WorldService, at: number): void;
  /**
   * For each that was taken back by itself: from the first of the bad answers in a row, given with traffic, to the traffic
   * status without it, in milliseconds.
   */
  delays(): number[];
}

/** Answers that say nothing about the revision. */
const mute: readonly Probe['outcome'][] = ['rate-limited', 'not-permitted', 'unreachable'];

export function createDetection(isTakenBack: (service: string, revision: string) => boolean): Detection {
  const firstBad = new Map<string, number>();
  const serving = new Map<string, ReadonlySet<string>>();
  const delays: number[] = [];
  return {
    probed({ service, name }, { outcome }, at) {
      if (mute.includes(outcome) || !serving.get(service)?.has(name)) return;
      if (outcome === 'ok') firstBad.delete(name);
      else if (!firstBad.has(name)) firstBad.set(name, at);
    },
    served({ name, serving: targets }, at) {
      const now = new Set(
        targets.flatMap(({ revision, percent }) => (revision !== undefined && percent > 0 ? [revision] : [])),
      );
      for (const revision of serving.get(name) ?? []) {
        const since = firstBad.get(revision);
        if (since === undefined || now.has(revision)) continue;
        firstBad.delete(revision);
        if (isTakenBack(name, revision)) delays.push(at - since);
      }
      serving.set(name, now);
    },
    delays: () => [...delays],
  };
}
