import type { RunService, TrafficTarget } from '../platform/cloud-run.ts';
import type { ReleaseKey } from '../release/naming.ts';
import {
  isSettled,
  orderOf,
  type Frozen,
  type Release,
  type ReleaseStep,
  type ServiceRecord,
  type Shares,
} from '../release/release.ts';
import { percentsOf, servingBeside } from '../release/steps.ts';
import { inWords, isForeign, sameShares, sharesOf, trafficFor, wantedShares } from './shares.ts';

/** The next thing to do for a release. */
export type Plan =
  /** `page`: and somebody has to know, for as long as it is so. */
  | { readonly kind: 'nothing'; readonly reason: string; readonly page?: true }
  | { readonly kind: 'supersede'; readonly reason: string }
  /** It must not get traffic at all. */
  | { readonly kind: 'reject'; readonly reason: string }
  /** The records first: what the service is asked for, and that the release has so much. */
  | { readonly kind: 'step'; readonly percent: number; readonly shares: Shares; readonly reason: string }
  /** The service's record does not say that these are asked for by this release: it has to, before they are. */
  | { readonly kind: 'claim'; readonly shares: Shares }
  | { readonly kind: 'set-traffic'; readonly traffic: readonly TrafficTarget[] }
  | { readonly kind: 'set-open'; readonly open: boolean }
  /** Cloud Run is at it, or another release has to move first. */
  | { readonly kind: 'settle' }
  | { readonly kind: 'serving'; readonly percent: number }
  | { readonly kind: 'confirm' }
  /** The others of its set that have traffic are to come back too. */
  | { readonly kind: 'withdraw'; readonly releases: readonly ReleaseKey[]; readonly reason: string }
  | { readonly kind: 'take-back'; readonly reason: string }
  /** It could not be taken back by itself, and has no traffic any more all the same. */
  | { readonly kind: 'gone-back'; readonly reason: string }
  /** Somebody else has changed the traffic: it is theirs now. */
  | { readonly kind: 'yield'; readonly shares: Shares }
  | { readonly kind: 'taken-over'; readonly reason: string; readonly by: string };

/** What there is to see when the next step is decided. */
export interface Situation {
  readonly release: Release;
  readonly record: ServiceRecord;
  readonly service: RunService | undefined;
  /** Revisions in the traffic that did not start. */
  readonly failed: ReadonlySet<string>;
  /** The releases of the same commit that go out together with this one. */
  readonly set: readonly Release[];
  readonly now: Date;
}

const nothing = (reason: string): Plan => ({ kind: 'nothing', reason });

/** Why the release has had its time, if it has: something newer serves or is about to, or a person has said no. */
export function overtakenBy(release: Release, record: ServiceRecord): string | undefined {
  const { stable, rollingOut, rolledBackAt } = record;
  const order = orderOf(release);
  if (stable && stable.release !== release.id && stable.order > order)
    return `a newer release is live: ${stable.revision} of commit ${stable.commit.slice(0, 7)}`;
  if (rollingOut && rollingOut.release !== release.id && rollingOut.order > order)
    return `a newer release is being rolled out: ${rollingOut.release}`;
  if (rolledBackAt !== undefined && rolledBackAt > order)
    return 'the service was rolled back after this commit was pushed; a new push may go live';
  return undefined;
}

/** Why it must not go out again, if it was taken back before: by its image, or as another build of the same commit. */
export function quarantined(release: Release, { quarantine }: ServiceRecord): string | undefined {
  const held = quarantine.find(
    ({ release: id, commit, digest }) =>
      id !== release.id && (commit === release.commit || release.build.digests.includes(digest)),
  );
  return (
    held &&
    `${held.commit === release.commit ? 'this commit' : 'its image'} was taken back on ${held.at} and is quarantined: ${held.reason}`
  );
}

/** Only what the build itself says that it has pushed may be served. */
function wrongImage({ candidate, build: { digests } }: Release): string | undefined {
  if (digests.length === 0)
    return 'its build names no image that it has pushed; list it under "images:" in the build config';
  if (digests.some((digest) => candidate?.image.endsWith(`@${digest}`))) return undefined;
  return `revision ${candidate?.revision ?? ''} runs an image that its build has not pushed`;
}

/** A revert of the code does not revert the schema. */
function madeForOldSchema({ candidate }: Release, { schemaFloor }: ServiceRecord): string | undefined {
  const version = candidate?.policy.schema.version ?? 0;
  if (!schemaFloor || version >= schemaFloor.version) return undefined;
  return `it is made for schema ${version}, and release ${schemaFloor.release} has taken the schema to ${schemaFloor.version} for good; say in pipeline.yaml for which schema it is made`;
}

/** Why a person has to approve the next percent first, if one has to and has not. */
function unapproved(release: Release, percent: number, asked: boolean): string | undefined {
  const needed = asked || (release.candidate?.policy.rollout.approve ?? []).includes(percent);
  const given = release.promoted ?? release.approvals.find((approval) => approval.percent === percent);
  return needed && !given ? `${percent} % waits for approval` : undefined;
}

/** Time that the later members of a set get to come back first, once an earlier one has to. */
const reverseOrderSeconds = 30;

/**
 * What rollout has to do now. A candidate gets its first traffic when both hold, in whatever order they came about: its
 * build has ended in SUCCESS, and verification has found it healthy; each further step when verification says so again.
 */
export function plan(situation: Situation): Plan {
  const { release, record, service } = situation;
  if (record.rollbackRequest) return nothing('a rollback comes first');
  if (release.stage === 'live') return planLive(situation);
  if (release.stage !== 'verifying' && release.stage !== 'rolling-out')
    return nothing(`it is ${release.stage}`);
  if (!service) return nothing('its service does not exist');

  const { frozen } = record;
  if (release.stage === 'rolling-out' && frozen?.cause === 'takeover')
    return { kind: 'taken-over', reason: frozen.why, by: frozen.by };
  // Another build of its commit was taken back while this one was under way: the traffic went back with that.
  const held = release.stage === 'rolling-out' ? quarantined(release, record) : undefined;
  const overtaken = overtakenBy(release, record) ?? held;
  if (overtaken !== undefined) return { kind: 'supersede', reason: overtaken };
  const shares = sharesOf(service.traffic);
  if (!frozen && isForeign(shares, record)) return { kind: 'yield', shares };
  return release.stage === 'verifying' ? planFirst(situation) : planNext(situation, service, shares);
}

function planLive(situation: Situation): Plan {
  const { release, record } = situation;
  if (!release.withdrawn || record.stable?.release !== release.id || record.frozen)
    return nothing('it is live');
  return takeBack(situation, release.withdrawn.reason, release.withdrawn.at);
}

/** Before any traffic. */
function planFirst({ release, record, set }: Situation): Plan {
  const { candidate, verdict } = release;
  if (!candidate || !verdict) return nothing('it is not verified');
  if (release.build.status !== 'SUCCESS') return nothing(`its build is ${release.build.status}`);
  const unfit = wrongImage(release) ?? quarantined(release, record) ?? madeForOldSchema(release, record);
  if (unfit !== undefined) return { kind: 'reject', reason: unfit };
  const spoilt = set.find(
    ({ stage }) => stage === 'failed' || stage === 'rolled-back' || stage === 'cancelled',
  );
  if (spoilt) {
    const reason = `${spoilt.service} of the same commit, with which it goes out, is ${spoilt.stage}`;
    // A rerun of one member of a set that has failed waits for the reruns of the others.
    if (endedAfter(spoilt, release.createdAt)) return { kind: 'reject', reason };
    return nothing(`${reason}; run its build again too`);
  }
  if (record.frozen) return nothing(`the service is frozen: ${record.frozen.why}`);
  const order = candidate.policy.releaseSet;
  const waitsFor = set.find(
    (other) =>
      !isSettled(other) &&
      (other.verdict === undefined ||
        other.build.status !== 'SUCCESS' ||
        order.indexOf(other.service) < order.indexOf(release.service)),
  );
  if (waitsFor) return nothing(`${waitsFor.service} of the same commit comes first: it is ${waitsFor.stage}`);
  const [percent = 100] = percentsOf(release, record);
  const waiting = unapproved(release, percent, verdict.verdict !== 'healthy');
  if (waiting !== undefined) return nothing(waiting);
  return step(
    release,
    record,
    percent,
    `after verification, ${verdict.verdict}: ${verdict.reasons.join('; ')}`,
  );
}

const endedAfter = ({ history }: Release, time: string): boolean => (history.at(-1)?.at ?? '') >= time;

const step = (release: Release, record: ServiceRecord, percent: number, why: string): Plan => ({
  kind: 'step',
  percent,
  shares: wantedShares(release.candidate?.revision ?? '', percent, servingBeside(record)?.revision),
  reason: `${percent} % ${why}`,
});

/** With traffic. */
function planNext(situation: Situation, service: RunService, shares: Shares): Plan {
  const { release, record, failed } = situation;
  const { candidate } = release;
  const current = release.steps.at(-1);
  if (!candidate || !current) return nothing('it has no step');
  const { verdict } = current;
  if (record.frozen) return planFrozen(release, current, record.frozen);
  if (release.withdrawn) return takeBack(situation, release.withdrawn.reason, release.withdrawn.at);
  // Begun, and not carried to its end: whoever began it has died, or it was refused.
  const begun = record.quarantine.find(({ release: id }) => id === release.id);
  if (begun?.stuck !== undefined && !shares.some(({ revision }) => revision === candidate.revision))
    return { kind: 'gone-back', reason: `${begun.reason}; its traffic went back` };
  if (begun) return takeBack(situation, begun.reason, begun.at);
  if (verdict?.verdict === 'unhealthy') return takeBack(situation, verdict.reasons.join('; '), verdict.at);

  const wanted = wantedShares(candidate.revision, current.percent, servingBeside(record)?.revision);
  if (record.rollingOut?.release !== release.id || !sameShares(record.traffic?.asked ?? [], wanted))
    return { kind: 'claim', shares: wanted };
  const startable = !failed.has(candidate.revision);
  const spoilt = service.traffic.some(({ revision = '' }) => failed.has(revision));
  if (startable && (spoilt || !sameShares(shares, wanted)))
    return { kind: 'set-traffic', traffic: trafficFor(wanted, service.traffic, failed) };
  // What is served counts, not whether the service is at rest or well: another revision may be starting or failing.
  if (!sameShares(sharesOf(service.serving), wanted)) {
    return !service.settled || service.failure === undefined
      ? { kind: 'settle' }
      : takeBack(situation, `Cloud Run could not serve it: ${service.failure}`, current.askedAt);
  }
  if (current.servingAt === undefined) return { kind: 'serving', percent: current.percent };
  // Not before: were it refused, nobody would watch what has all traffic.
  if (current.percent === 100 && candidate.policy.public !== service.open)
    return { kind: 'set-open', open: candidate.policy.public };
  return planAfter(situation, current.percent);
}

/** It stays where it is. What was stopped because it is bad has paged already; what turns bad later hurts unseen. */
function planFrozen(release: Release, { percent, verdict }: ReleaseStep, { cause, by, why }: Frozen): Plan {
  const bad =
    release.withdrawn?.reason ?? (verdict?.verdict === 'unhealthy' ? verdict.reasons.join('; ') : undefined);
  if (bad === undefined || cause !== 'person') return nothing(`the service is frozen: ${why}`);
  const reason = `it is bad and keeps ${percent} % of the traffic while ${by} has frozen the service: ${bad}`;
  return { kind: 'nothing', reason, page: true };
}

/** The step is served as asked: is it time for the next? */
function planAfter(situation: Situation, percent: number): Plan {
  const { release, record } = situation;
  const { rollout } = release.candidate?.policy ?? {};
  const verdict = release.steps.at(-1)?.verdict;
  const next = percentsOf(release, record).find((later) => later > percent);
  const why = verdict ? `${verdict.verdict}: ${verdict.reasons.join('; ')}` : '';

  if (release.promoted && next !== undefined) {
    const { by, why: reason } = release.promoted;
    return step(release, record, 100, `promoted by ${by}: ${reason}`);
  }
  if (!verdict) return nothing(`${percent} % is being watched`);
  if (verdict.verdict === 'inconclusive' && rollout?.onInconclusive === 'roll-back')
    return takeBack(situation, `${why} (the policy says to roll back then)`, verdict.at);
  // At 100 % there is nothing left to be compared with: that the time is up is the declared ending.
  if (next === undefined) return { kind: 'confirm' };
  if (verdict.verdict === 'inconclusive' && rollout?.onInconclusive === 'wait')
    return nothing(`${percent} % goes on: ${why}`);
  const ask = verdict.verdict === 'inconclusive' && rollout?.onInconclusive === 'ask';
  const waiting = unapproved(release, next, ask);
  if (waiting !== undefined) return nothing(waiting);
  const byPolicy = verdict.verdict === 'inconclusive' ? ' (the policy says to go on then)' : '';
  return step(release, record, next, `after ${percent} %, ${why}${byPolicy}`);
}

/** A set comes back in the reverse order: who went out later goes first, unless that takes too long. */
function takeBack({ release, record, set, now }: Situation, reason: string, since: string): Plan {
  const stuck = record.quarantine.find((held) => held.release === release.id)?.stuck;
  if (stuck !== undefined) return nothing(`it is left to people: ${stuck}`);
  const withTraffic = set.filter(({ stage }) => stage === 'rolling-out' || stage === 'live');
  const toTell = withTraffic.filter(({ withdrawn }) => !withdrawn);
  if (toTell.length > 0) {
    const releases = toTell.map(({ service, id }) => ({ service, id }));
    const told =
      release.withdrawn?.reason ?? `${release.service} of the same commit is taken back: ${reason}`;
    return { kind: 'withdraw', releases, reason: told };
  }
  const order = release.candidate?.policy.releaseSet ?? [];
  const later = withTraffic.some(({ service }) => order.indexOf(service) > order.indexOf(release.service));
  const waited = (now.getTime() - Date.parse(since)) / 1000;
  if (later && waited < reverseOrderSeconds) return { kind: 'settle' };
  return { kind: 'take-back', reason };
}

/** For people: what the traffic is, and what it should be. */
export const foreignTraffic = (shares: Shares, { traffic }: ServiceRecord): string =>
  `the traffic is ${inWords(shares)}, where ${inWords(traffic?.asked ?? [])} was asked for`;
