import type { Release, ReleaseStep } from '../release/release.ts';
import type { Frozen } from '../release/service-record.ts';
import { nothing, type Plan, type Situation } from './situation.ts';

/** Time that the later members of a set get to come back first, once an earlier one has to. */
const reverseOrderSeconds = 30;

/** A set comes back in the reverse order: who went out later goes first, unless that takes too long. */
export function planBack({ release, record, set, now }: Situation, reason: string, since: string): Plan {
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

/** It stays where it is. What was stopped because it is bad has paged already; what turns bad later hurts unseen. */
export function planFrozen(
  release: Release,
  { percent, verdict }: ReleaseStep,
  { cause, by, why }: Frozen,
): Plan {
  const bad =
    release.withdrawn?.reason ?? (verdict?.verdict === 'unhealthy' ? verdict.reasons.join('; ') : undefined);
  if (bad === undefined || cause !== 'person') return nothing(`the service is frozen: ${why}`);
  const reason = `it is bad and keeps ${percent} % of the traffic while ${by} has frozen the service: ${bad}`;
  return { kind: 'nothing', reason, page: true };
}
