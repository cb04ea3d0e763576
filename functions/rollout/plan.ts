import type { RunService, TrafficTarget } from '../platform/cloud-run.ts';
import type { Release, ServiceRecord } from '../release/release.ts';

/** The next thing to do for a release. */
export type Plan =
  | { readonly kind: 'nothing'; readonly reason: string }
  | { readonly kind: 'supersede'; readonly reason: string }
  /** It must not get traffic at all. */
  | { readonly kind: 'reject'; readonly reason: string }
  /** The records first: that the service rolls out this release, and that the release is rolling out. */
  | { readonly kind: 'begin'; readonly reason: string }
  | { readonly kind: 'set-traffic'; readonly traffic: readonly TrafficTarget[] }
  | { readonly kind: 'set-open'; readonly open: boolean }
  /** Cloud Run is at it. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'confirm' }
  /** Cloud Run could not give the revision its traffic. */
  | { readonly kind: 'take-back'; readonly reason: string };

const none: ReadonlySet<string> = new Set();

/** All traffic to one revision; every tag stays where it is, but those of revisions that did not start. */
export function allTrafficTo(
  revision: string,
  current: readonly TrafficTarget[],
  failed: ReadonlySet<string> = none,
): TrafficTarget[] {
  const tags = current
    .filter((target) => target.tag !== undefined && !failed.has(target.revision ?? ''))
    .map((target) => ({ ...target, percent: 0 }));
  return [{ revision, percent: 100, tag: undefined }, ...tags];
}

/** The traffic is what it should be: all to `revision`, and nothing in it that cannot start. */
export const isAllTrafficTo = (
  revision: string,
  current: readonly TrafficTarget[],
  failed: ReadonlySet<string> = none,
): boolean =>
  percentOf(revision, current) === 100 && !current.some((target) => failed.has(target.revision ?? ''));

/** Percent of the untagged traffic that `targets` give to `revision`. */
export const percentOf = (revision: string, targets: readonly TrafficTarget[]): number =>
  targets.filter((target) => target.revision === revision).reduce((sum, { percent }) => sum + percent, 0);

/** Why the release has had its time, if it has: somebody newer serves or is about to, or a person has said no. */
export function overtakenBy(release: Release, record: ServiceRecord): string | undefined {
  const { createTime } = release.build;
  const { stable, rollingOut, rolledBackAt } = record;
  if (stable && stable.release !== release.id && stable.buildCreateTime > createTime) {
    return `a newer build is live: ${stable.revision} of commit ${stable.commit.slice(0, 7)}`;
  }
  if (rollingOut && rollingOut.release !== release.id && rollingOut.buildCreateTime > createTime) {
    return `a newer build is being rolled out: ${rollingOut.release}`;
  }
  if (rolledBackAt !== undefined && rolledBackAt > createTime) {
    return 'the service was rolled back after this build was started; a new build may go live';
  }
  return undefined;
}

/** Only what the build itself says that it has pushed may be served. */
function wrongImage({ candidate, build: { digests } }: Release): string | undefined {
  if (digests.length === 0)
    return 'its build names no image that it has pushed; list it under "images:" in the build config';
  if (digests.some((digest) => candidate?.image.endsWith(`@${digest}`))) return undefined;
  return `revision ${candidate?.revision ?? ''} runs an image that its build has not pushed`;
}

/**
 * What rollout has to do now. A candidate gets traffic when both hold, in whatever order they came about: its build has
 * ended in SUCCESS, and verification has found it healthy. `failed`: revisions in the traffic that did not start.
 */
export function plan(
  release: Release,
  record: ServiceRecord,
  service: RunService | undefined,
  failed: ReadonlySet<string> = none,
): Plan {
  const { candidate, stage } = release;
  const nothing = (reason: string): Plan => ({ kind: 'nothing', reason });
  if (stage !== 'verifying' && stage !== 'rolling-out') return nothing(`it is ${stage}`);
  if (record.rollbackRequest) return nothing('a rollback comes first');
  if (!candidate || release.verdict?.verdict !== 'healthy') return nothing('it is not verified');
  if (release.build.status !== 'SUCCESS') return nothing(`its build is ${release.build.status}`);
  if (!service) return nothing('its service does not exist');

  const overtaken = overtakenBy(release, record);
  if (overtaken !== undefined) return { kind: 'supersede', reason: overtaken };
  const wrong = wrongImage(release);
  if (wrong !== undefined && stage === 'verifying') return { kind: 'reject', reason: wrong };
  if (stage === 'verifying') {
    return { kind: 'begin', reason: `100 % after verification: ${release.verdict.reasons.join('; ')}` };
  }

  if (!isAllTrafficTo(candidate.revision, service.traffic, failed) && !failed.has(candidate.revision)) {
    return { kind: 'set-traffic', traffic: allTrafficTo(candidate.revision, service.traffic, failed) };
  }
  if (!service.settled) return { kind: 'settle' };
  // What is served counts, not whether the service is well: another revision may be what it complains of.
  if (percentOf(candidate.revision, service.serving) !== 100) {
    return service.failure === undefined
      ? { kind: 'settle' }
      : { kind: 'take-back', reason: `Cloud Run could not serve it: ${service.failure}` };
  }
  if (candidate.policy.public !== service.open) return { kind: 'set-open', open: candidate.policy.public };
  return { kind: 'confirm' };
}
