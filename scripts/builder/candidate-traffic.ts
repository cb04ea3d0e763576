import type { TrafficTarget } from '../../functions/platform/cloud-run.ts';

/** A service as far as it decides where a candidate's traffic goes. */
export interface TrafficNow {
  /** What is asked of Cloud Run. `revision` undefined: whatever is ready last. */
  readonly traffic: readonly TrafficTarget[];
  /** What is ready last, if anything ever was. */
  readonly latestReady: string | undefined;
  /** What really serves: differs from `traffic` while it changes, and after it could not. */
  readonly serving: readonly TrafficTarget[];
}

export interface Candidate {
  readonly revision: string;
  readonly tag: string;
}

/** Whether a revision can take requests; `gone` when it was deleted. */
export type RevisionState = 'ready' | 'starting' | 'failed' | 'gone';

/**
 * The traffic with which the candidate is made: what serves goes on serving, every tag stays, and the candidate gets an
 * address of its own and no percent. Three things are put right on the way:
 *
 * - An allocation to the latest revision becomes one to the revision that serves now: else the candidate would take all
 *   traffic by being ready.
 * - Entries of revisions that failed or are gone are dropped, tags too: Cloud Run applies a traffic list only if every
 *   revision in it is ready, so that one of them would keep the candidate from getting its address.
 * - Where nothing that serves is left, the candidate gets everything: percents have to add up to 100.
 */
export function candidateTraffic(
  service: TrafficNow | undefined,
  candidate: Candidate,
  stateOf: (revision: string) => RevisionState,
): TrafficTarget[] {
  const address: TrafficTarget = { revision: candidate.revision, percent: 0, tag: candidate.tag };
  const usable = (targets: readonly TrafficTarget[]): TrafficTarget[] =>
    targets
      .map((target) => ({ ...target, revision: target.revision ?? service?.latestReady }))
      .filter(({ revision, tag }) => {
        if (revision === undefined || revision === candidate.revision || tag === candidate.tag) return false;
        const state = stateOf(revision);
        return state === 'ready' || state === 'starting';
      });
  const wanted = usable(service?.traffic ?? []);
  const tags = wanted.filter(({ tag }) => tag !== undefined).map((target) => ({ ...target, percent: 0 }));
  const shares = [sharesOf(wanted), sharesOf(usable(service?.serving ?? []))].find((each) => each.length > 0);
  return [...(shares ?? [{ revision: candidate.revision, percent: 100, tag: undefined }]), ...tags, address];
}

/** The percents by revision, one entry each; what dropped entries had goes to the one that has most. */
function sharesOf(targets: readonly TrafficTarget[]): TrafficTarget[] {
  const percents = new Map<string, number>();
  for (const { revision, percent } of targets)
    if (revision !== undefined && percent > 0)
      percents.set(revision, (percents.get(revision) ?? 0) + percent);
  const missing = 100 - [...percents.values()].reduce((sum, percent) => sum + percent, 0);
  const [most] = [...percents].sort(([, a], [, b]) => b - a);
  if (most) percents.set(most[0], most[1] + missing);
  return [...percents].map(([revision, percent]) => ({ revision, percent, tag: undefined }));
}
