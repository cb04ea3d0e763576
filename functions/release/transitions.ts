import {
  buildRanks,
  terminalStages,
  type BuildStatus,
  type Candidate,
  type Probe,
  type Release,
  type Stage,
  type Verdict,
} from './release.ts';

/** What can be learnt about a release. */
export type Observation =
  | {
      readonly kind: 'build';
      readonly status: BuildStatus;
      readonly digests: readonly string[];
      readonly failure?: string;
    }
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'verification-started' }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly probes: readonly Probe[] }
  | {
      readonly kind: 'traffic-requested';
      readonly percent: number;
      readonly revision: string;
      readonly reason: string;
    }
  | { readonly kind: 'traffic-confirmed'; readonly reason: string }
  | { readonly kind: 'superseded'; readonly reason: string }
  /** It must not get traffic, although it is healthy. */
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'rolled-back'; readonly reason: string; readonly by?: string };

export type Transition =
  | { readonly kind: 'changed'; readonly release: Release }
  /** The record says this already, or something later: nothing to write. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

const unchanged: Transition = { kind: 'unchanged' };
const changed = (release: Release): Transition => ({ kind: 'changed', release });

function enter(release: Release, stage: Stage, reason: string, at: string, by?: string): Release {
  return {
    ...release,
    stage,
    history: [...release.history, { at, stage, reason, ...(by === undefined ? {} : { by }) }],
  };
}

function afterBuild(release: Release, seen: Extract<Observation, { kind: 'build' }>, at: string): Transition {
  // A status never goes back, however late its message comes; and a build ends once.
  if (buildRanks[seen.status] <= buildRanks[release.build.status]) return unchanged;
  const build = {
    ...release.build,
    status: seen.status,
    digests: [...seen.digests],
    ...(buildRanks[seen.status] === buildRanks.SUCCESS ? { endedAt: at } : {}),
    ...(seen.failure === undefined ? {} : { failure: seen.failure }),
  };
  const next = { ...release, build };
  switch (seen.status) {
    case 'STATUS_UNKNOWN':
    case 'PENDING':
    case 'QUEUED':
    case 'WORKING':
    case 'SUCCESS':
      return changed(next);
    case 'CANCELLED':
      return changed(enter(next, 'cancelled', seen.failure ?? 'the build was cancelled', at));
    case 'FAILURE':
    case 'INTERNAL_ERROR':
    case 'TIMEOUT':
    case 'EXPIRED':
      return changed(enter(next, 'failed', seen.failure ?? `the build ended in ${seen.status}`, at));
    default:
      return seen.status satisfies never;
  }
}

/**
 * The release after an observation. Observations come repeated, late and in any order: one that says nothing new is
 * `unchanged`, one that cannot be true of this stage is `refused` with its reason. Terminal stages absorb.
 */
export function transition(release: Release, seen: Observation, at: string): Transition {
  if (terminalStages.has(release.stage)) return unchanged;
  switch (seen.kind) {
    case 'build':
      // A live release's build cannot unmake it: it had ended in SUCCESS before any traffic moved.
      return release.stage === 'live' ? unchanged : afterBuild(release, seen, at);

    case 'candidate': {
      if (release.candidate && (release.candidate.url !== undefined || seen.candidate.url === undefined))
        return unchanged;
      const next = { ...release, candidate: seen.candidate };
      return changed(
        release.stage === 'building'
          ? enter(next, 'candidate', `revision ${seen.candidate.revision} was created`, at)
          : next,
      );
    }

    case 'verification-started':
      if (release.stage === 'building')
        return { kind: 'refused', reason: 'there is no candidate to verify yet' };
      return release.stage === 'candidate'
        ? changed(enter(release, 'verifying', 'the candidate is being probed', at))
        : unchanged;

    case 'verdict': {
      // A candidate that cannot even be recorded can be found wanting, but not healthy.
      if (release.stage === 'building' && seen.verdict.verdict === 'healthy')
        return { kind: 'refused', reason: 'there is no candidate to judge yet' };
      if (release.stage === 'rolling-out' || release.stage === 'live' || release.verdict) return unchanged;
      const next = { ...release, verdict: seen.verdict, probes: [...seen.probes] };
      const reason = seen.verdict.reasons.join('; ');
      return changed(
        seen.verdict.verdict === 'healthy'
          ? enter(next, 'verifying', `healthy: ${reason}`, at)
          : enter(next, 'failed', reason, at),
      );
    }

    case 'traffic-requested':
      if (release.stage === 'rolling-out' || release.stage === 'live') return unchanged;
      if (release.build.status !== 'SUCCESS')
        return { kind: 'refused', reason: `its build is ${release.build.status}` };
      if (release.verdict?.verdict !== 'healthy') return { kind: 'refused', reason: 'it is not verified' };
      return changed({
        ...enter(release, 'rolling-out', seen.reason, at),
        traffic: [
          ...release.traffic,
          { at, percent: seen.percent, revision: seen.revision, reason: seen.reason },
        ],
      });

    case 'traffic-confirmed':
      if (release.stage === 'live') return unchanged;
      if (release.stage !== 'rolling-out')
        return { kind: 'refused', reason: `it is ${release.stage}, not rolling out` };
      return changed(enter(release, 'live', seen.reason, at));

    case 'rejected':
      if (release.stage === 'rolling-out' || release.stage === 'live')
        return { kind: 'refused', reason: `it is ${release.stage}: it has traffic already` };
      return changed(enter(release, 'failed', seen.reason, at));

    case 'superseded':
      return changed(enter(release, 'superseded', seen.reason, at));

    case 'rolled-back':
      if (release.stage !== 'live' && release.stage !== 'rolling-out')
        return { kind: 'refused', reason: `it is ${release.stage}: it has no traffic to take back` };
      return changed(enter(release, 'rolled-back', seen.reason, at, seen.by));

    default:
      return seen satisfies never;
  }
}
