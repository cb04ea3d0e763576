import type { RunService } from '../platform/cloud-run.ts';
import type { Release } from '../release/release.ts';
import type { ServiceRecord, Shares } from '../release/service-record.ts';
import { percentsOf, servingBeside } from '../release/steps.ts';
import { madeForOldSchema, overtakenBy, quarantined, unapproved, wrongImage } from './eligibility.ts';
import { planBack, planFrozen } from './plan-back.ts';
import { spoiltSet, waitsForSet } from './plan-set.ts';
import { isForeign, sameShares, sharesOf, trafficFor, wantedShares } from './shares.ts';
import { nothing, type Plan, type Situation } from './situation.ts';

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
  return planBack(situation, release.withdrawn.reason, release.withdrawn.at);
}

/** Before any traffic. */
function planFirst(situation: Situation): Plan {
  const { release, record, set } = situation;
  const { candidate, verdict } = release;
  if (!candidate || !verdict) return nothing('it is not verified');
  if (release.build.status !== 'SUCCESS') return nothing(`its build is ${release.build.status}`);
  const unfit = wrongImage(release) ?? quarantined(release, record) ?? madeForOldSchema(release, record);
  if (unfit !== undefined) return { kind: 'reject', reason: unfit };
  const spoilt = spoiltSet(release, set);
  if (spoilt) return spoilt;
  if (record.frozen) return nothing(`the service is frozen: ${record.frozen.why}`);
  const waits = waitsForSet(situation);
  if (waits !== undefined) return nothing(waits);
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
  if (release.withdrawn) return planBack(situation, release.withdrawn.reason, release.withdrawn.at);
  // Begun, and not carried to its end: whoever began it has died, or it was refused.
  const begun = record.quarantine.find(({ release: id }) => id === release.id);
  if (begun?.stuck !== undefined && !shares.some(({ revision }) => revision === candidate.revision))
    return { kind: 'gone-back', reason: `${begun.reason}; its traffic went back` };
  if (begun) return planBack(situation, begun.reason, begun.at);
  if (verdict?.verdict === 'unhealthy') return planBack(situation, verdict.reasons.join('; '), verdict.at);

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
      : planBack(situation, `Cloud Run could not serve it: ${service.failure}`, current.askedAt);
  }
  if (current.servingAt === undefined) return { kind: 'serving', percent: current.percent };
  // Not before: were it refused, nobody would watch what has all traffic.
  if (current.percent === 100 && candidate.policy.public !== service.open)
    return { kind: 'set-open', open: candidate.policy.public };
  return planAfter(situation, current.percent);
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
    return planBack(situation, `${why} (the policy says to roll back then)`, verdict.at);
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
