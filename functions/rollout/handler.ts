import { z } from 'zod';
import type { RunService } from '../platform/cloud-run.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { ReleaseKey } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { tell } from '../release/tell.ts';
import { arrived, claim } from './claim.ts';
import { confirmLive } from './confirm-live.ts';
import { failedRevisions } from './failed-revisions.ts';
import { plan } from './plan.ts';
import { maxLooks, settleMs, type RolloutPorts } from './ports.ts';
import { releaseSetOf } from './release-set.ts';
import { carryOutRollback } from './rollback.ts';
import { sameShares, sharesOf } from './shares.ts';
import type { Plan, Situation } from './situation.ts';
import { automation, takeBack } from './take-back.ts';
import { takeOver, yieldTo } from './take-over.ts';
import { watchService } from './watch-service.ts';

/** Without a release the hint is about the service itself: a rollback was asked for, or it is time to look. */
const input = z.object({ service: z.string(), release: z.string().optional() });
type Input = z.infer<typeof input>;

export const decodeRolloutHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** A release or its service has moved: takes the next steps towards what should serve, until there is none left. */
export async function handleRolloutHint(
  ports: RolloutPorts,
  { service: name, release: id }: Input,
): Promise<void> {
  await carryOutRollback(ports, name);
  if (id === undefined) {
    await watchService(ports, name);
    return;
  }
  const release = await advance(ports, { service: name, id });
  // What goes out together waits for one another: news of one are news for all.
  if (!release) return;
  for (const sibling of (await releaseSetOf(ports.ledger, release)).set) await advance(ports, sibling);
}

/** The release as it stands when there is nothing more to do for it now. */
export async function advance(ports: RolloutPorts, key: ReleaseKey): Promise<Release | undefined> {
  let last: Plan['kind'] = 'nothing';
  for (let look = 0; look < maxLooks; look += 1) {
    const release = await ports.ledger.release(key);
    if (!release) return undefined;
    const record = await ports.ledger.service(key.service);
    const service = await ports.run.service(key.service);
    const failed = await failedRevisions(ports.run, key.service, service);
    const others = await releaseSetOf(ports.ledger, release);
    const situation = { release, record, service, failed, ...others, now: ports.now() };
    const next = plan(situation);
    if (next.kind === 'nothing') {
      const severity = next.page ? 'CRITICAL' : 'DEBUG';
      ports.log(severity, `${key.service} ${key.id}: ${next.reason}`, {
        service: key.service,
        release: key.id,
      });
      return release;
    }
    if (!service) return release;
    last = next.kind;
    await act(ports, next, { ...situation, service });
  }
  // With what was tried last: `settle` waits for Cloud Run, what keeps being refused comes again and again.
  ports.log('WARNING', `${key.service} ${key.id}: not settled, last at ${last}; the next tick looks again`);
  return ports.ledger.release(key);
}

async function act(
  ports: RolloutPorts,
  next: Exclude<Plan, { kind: 'nothing' }>,
  { release, record, service }: Situation & { service: RunService },
): Promise<void> {
  const { service: name } = release;
  switch (next.kind) {
    case 'step':
      // The service's record first: what is asked for without being written down would look like somebody else's doing.
      if (await claim(ports, release, next.shares, sharesOf(service.traffic)))
        await tell(ports, release, {
          kind: 'traffic-requested',
          percent: next.percent,
          reason: next.reason,
        });
      return;
    case 'claim':
      await claim(ports, release, next.shares, sharesOf(service.traffic));
      return;
    case 'set-traffic':
      // The record was read before the service: what was asked for in between is in the service's etag already, and only
      // the record tells of it. What comes after this look, the etag refuses. Either way the next look decides anew.
      if (!(await isStillAsked(ports, release, record))) return;
      if (await ports.run.setTraffic(service, next.traffic))
        await arrived(ports, name, sharesOf(next.traffic));
      else await ports.sleep(settleMs);
      return;
    case 'set-open':
      if (!(await ports.run.setOpen(service, next.open))) await ports.sleep(settleMs);
      return;
    case 'settle':
      await ports.sleep(settleMs);
      return;
    case 'serving':
      await arrived(ports, name, sharesOf(service.traffic));
      await tell(ports, release, { kind: 'traffic-serving', percent: next.percent });
      return;
    case 'confirm':
      await confirmLive(ports, release);
      return;
    case 'withdraw':
      for (const other of next.releases) await tell(ports, other, { kind: 'withdrawn', reason: next.reason });
      return;
    case 'take-back':
      await takeBack(ports, release, record, service, next.reason);
      return;
    case 'gone-back':
      await tell(ports, release, { kind: 'rolled-back', reason: next.reason, by: automation });
      return;
    case 'yield':
      await takeOver(ports, name, service, record);
      return;
    case 'taken-over':
      await tell(ports, release, { kind: 'taken-over', reason: next.reason, by: next.by });
      await yieldTo(ports, name, record, sharesOf(service.traffic));
      return;
    case 'supersede':
      await tell(ports, release, { kind: 'superseded', reason: next.reason });
      return;
    case 'reject':
      await tell(ports, release, { kind: 'rejected', reason: next.reason });
      return;
    default:
      next satisfies never;
  }
}

async function isStillAsked(
  { ledger }: RolloutPorts,
  { id, service }: Release,
  seen: ServiceRecord,
): Promise<boolean> {
  const { rollbackRequest, frozen, rollingOut, traffic } = await ledger.service(service);
  const asked = traffic && seen.traffic && sameShares(traffic.asked, seen.traffic.asked);
  return asked === true && !traffic.foreign && !rollbackRequest && !frozen && rollingOut?.release === id;
}
