import { isDeepStrictEqual } from 'node:util';
import {
  buildRanks,
  terminalStages,
  type BuildStatus,
  type Candidate,
  type Decision,
  type Probe,
  type Release,
  type ReleaseStep,
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
      /** The other services of which the same commit is built. */
      readonly siblings?: readonly string[];
    }
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'verification-started' }
  /** Before any traffic. */
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly probes: readonly Probe[] }
  | { readonly kind: 'traffic-requested'; readonly percent: number; readonly reason: string }
  /** Cloud Run serves what was asked for. */
  | { readonly kind: 'traffic-serving'; readonly percent: number }
  | { readonly kind: 'step-verdict'; readonly percent: number; readonly verdict: Verdict }
  | { readonly kind: 'approved'; readonly percent: number; readonly decision: Decision }
  | { readonly kind: 'promoted'; readonly decision: Decision }
  | { readonly kind: 'withdrawn'; readonly reason: string }
  | { readonly kind: 'traffic-confirmed'; readonly reason: string }
  | { readonly kind: 'superseded'; readonly reason: string }
  /** It must not get traffic, although it is healthy. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Somebody else has taken the traffic into their hands. */
  | { readonly kind: 'taken-over'; readonly reason: string; readonly by: string }
  | { readonly kind: 'rolled-back'; readonly reason: string; readonly by?: string };

export type Transition =
  | { readonly kind: 'changed'; readonly release: Release }
  /** The record says this already, or something later: nothing to write. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

const unchanged: Transition = { kind: 'unchanged' };
const changed = (release: Release): Transition => ({ kind: 'changed', release });
const refused = (reason: string): Transition => ({ kind: 'refused', reason });

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
  const next = { ...release, build, siblings: [...(seen.siblings ?? release.siblings)] };
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

const hasTraffic = ({ stage }: Release): boolean => stage === 'rolling-out' || stage === 'live';

/** The release with its last step changed, if that is the step of `percent`. */
function atStep(
  release: Release,
  percent: number,
  change: (step: ReleaseStep) => ReleaseStep | undefined,
): Transition {
  if (release.stage !== 'rolling-out') return unchanged;
  const step = release.steps.at(-1);
  // News of an earlier step come too late to matter.
  if (step?.percent !== percent) return unchanged;
  const next = change(step);
  return next ? changed({ ...release, steps: [...release.steps.slice(0, -1), next] }) : unchanged;
}

const inWords = ({ verdict, reasons }: Verdict): string => `${verdict}: ${reasons.join('; ')}`;

/**
 * The release after an observation. Observations come repeated, late and in any order: one that says nothing new is
 * `unchanged`, one that cannot be true of this stage is `refused` with its reason. Terminal stages absorb.
 */
export function transition(release: Release, seen: Observation, at: string): Transition {
  if (terminalStages.has(release.stage)) return unchanged;
  switch (seen.kind) {
    case 'build':
      // A release with traffic had its build ended in SUCCESS before: nothing about it can unmake the release.
      return hasTraffic(release) ? unchanged : afterBuild(release, seen, at);

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
      if (release.stage === 'building') return refused('there is no candidate to verify yet');
      return release.stage === 'candidate'
        ? changed(enter(release, 'verifying', 'the candidate is being probed', at))
        : unchanged;

    case 'verdict': {
      // A candidate that cannot even be recorded can be found wanting, but not healthy.
      if (release.stage === 'building' && seen.verdict.verdict !== 'unhealthy')
        return refused('there is no candidate to judge yet');
      if (hasTraffic(release) || release.verdict) return unchanged;
      const next = { ...release, verdict: seen.verdict, probes: [...seen.probes] };
      const gone =
        seen.verdict.verdict === 'unhealthy' ||
        (seen.verdict.verdict === 'inconclusive' &&
          release.candidate?.policy.rollout.onInconclusive === 'roll-back');
      return changed(enter(next, gone ? 'failed' : 'verifying', inWords(seen.verdict), at));
    }

    case 'traffic-requested': {
      if (release.stage === 'live') return unchanged;
      const last = release.steps.at(-1);
      if (last && last.percent >= seen.percent) return unchanged;
      if (release.build.status !== 'SUCCESS') return refused(`its build is ${release.build.status}`);
      if (release.withdrawn) return refused(`it is withdrawn: ${release.withdrawn.reason}`);
      if (!mayHaveTraffic(release)) return refused('it is not verified');
      if (last?.verdict?.verdict === 'unhealthy') return refused('it is unhealthy');
      const next = { ...release, steps: [...release.steps, { percent: seen.percent, askedAt: at }] };
      return changed(enter(next, 'rolling-out', seen.reason, at));
    }

    case 'traffic-serving':
      return atStep(release, seen.percent, (step) =>
        step.servingAt ? undefined : { ...step, servingAt: at },
      );

    case 'step-verdict':
      return atStep(release, seen.percent, (step) => {
        const standing = step.verdict;
        // Bad news are final: what was seen once is not unseen.
        if (standing?.verdict === 'unhealthy') return undefined;
        if (standing?.verdict !== seen.verdict.verdict) return { ...step, verdict: seen.verdict };
        // It stands since then; only what is known of it is newer.
        return isDeepStrictEqual(standing.reasons, seen.verdict.reasons)
          ? undefined
          : { ...step, verdict: { ...standing, reasons: seen.verdict.reasons } };
      });

    case 'approved':
      if (release.stage === 'live' || release.approvals.some(({ percent }) => percent === seen.percent))
        return unchanged;
      return changed({
        ...release,
        approvals: [...release.approvals, { percent: seen.percent, ...seen.decision }],
      });

    case 'promoted':
      if (release.stage === 'live' || release.promoted) return unchanged;
      if (release.stage !== 'rolling-out' && release.verdict === undefined)
        return refused(`it is ${release.stage}: there is no verdict on it yet`);
      return changed({ ...release, promoted: seen.decision });

    case 'withdrawn':
      if (release.withdrawn) return unchanged;
      return changed(
        hasTraffic(release)
          ? { ...release, withdrawn: { at, reason: seen.reason } }
          : enter(release, 'failed', seen.reason, at),
      );

    case 'traffic-confirmed':
      if (release.stage === 'live') return unchanged;
      if (release.stage !== 'rolling-out') return refused(`it is ${release.stage}, not rolling out`);
      return changed(enter(release, 'live', seen.reason, at));

    case 'rejected':
      if (hasTraffic(release)) return refused(`it is ${release.stage}: it has traffic already`);
      return changed(enter(release, 'failed', seen.reason, at));

    case 'superseded':
      return changed(enter(release, 'superseded', seen.reason, at));

    case 'taken-over':
      if (!hasTraffic(release)) return refused(`it is ${release.stage}: it has no traffic to take over`);
      return changed(enter(release, 'cancelled', seen.reason, at, seen.by));

    case 'rolled-back':
      if (!hasTraffic(release)) return refused(`it is ${release.stage}: it has no traffic to take back`);
      return changed(enter(release, 'rolled-back', seen.reason, at, seen.by));

    default:
      return seen satisfies never;
  }
}

/** Verified, or let through by a person although nothing could be found out. */
const mayHaveTraffic = ({ verdict, approvals, promoted, steps }: Release): boolean =>
  verdict?.verdict === 'healthy' ||
  (verdict?.verdict === 'inconclusive' &&
    (approvals.length > 0 || promoted !== undefined || steps.length > 0));
