import { z } from 'zod';
import type { RunService } from '../platform/cloud-run.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { ReleaseKey } from '../release/naming.ts';
import type { Release, ServiceRecord } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { confirmLive } from './confirm-live.ts';
import { failedRevisions } from './failed-revisions.ts';
import { allTrafficTo, overtakenBy, plan, type Plan } from './plan.ts';
import type { RolloutPorts } from './ports.ts';
import { carryOutRollback } from './rollback.ts';

/** Without a release the hint is about the service itself: somebody asks for a rollback. */
const input = z.object({ service: z.string(), release: z.string().optional() });
type Input = z.infer<typeof input>;

export const decodeRolloutHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** What does not settle within this many looks is left to the tick. */
const maxLooks = 120;
const settleMs = 250;

/** What there is to see when the next step is decided. */
interface Seen {
  readonly release: Release;
  readonly record: ServiceRecord;
  readonly service: RunService;
  /** Revisions in the traffic that did not start. */
  readonly failed: ReadonlySet<string>;
}

/** A release or its service has moved: takes the next steps towards what should serve, until there is none left. */
export async function handleRolloutHint(
  ports: RolloutPorts,
  { service: name, release: id }: Input,
): Promise<void> {
  await carryOutRollback(ports, name);
  if (id === undefined) return;
  const key: ReleaseKey = { service: name, id };
  for (let look = 0; look < maxLooks; look += 1) {
    const release = await ports.ledger.release(key);
    if (!release) return;
    const record = await ports.ledger.service(name);
    const service = await ports.run.service(name);
    const failed = await failedRevisions(ports.run, name, service);
    const next = plan(release, record, service, failed);
    if (next.kind === 'nothing' || !service) return;
    await act(ports, next, { release, record, service, failed });
  }
  ports.log('WARNING', `${name} ${id}: its traffic has not settled; the next tick looks again`);
}

async function act(ports: RolloutPorts, next: Exclude<Plan, { kind: 'nothing' }>, seen: Seen): Promise<void> {
  const { release, service } = seen;
  switch (next.kind) {
    case 'begin':
      await begin(ports, release, next.reason);
      return;
    case 'set-traffic':
      // Refused by the etag: somebody changed the service meanwhile. The next look decides anew.
      if (!(await ports.run.setTraffic(service, next.traffic))) await ports.sleep(settleMs);
      return;
    case 'set-open':
      if (!(await ports.run.setOpen(service, next.open))) await ports.sleep(settleMs);
      return;
    case 'settle':
      await ports.sleep(settleMs);
      return;
    case 'confirm':
      await confirmLive(ports, release);
      return;
    case 'take-back':
      await takeBack(ports, seen, next.reason);
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

/** Claims the service for the release; of two that are ready at once the newer build's goes on. */
async function begin(ports: RolloutPorts, release: Release, reason: string): Promise<void> {
  const claim = { release: release.id, buildCreateTime: release.build.createTime };
  const record = await ports.ledger.updateService(release.service, (current) =>
    current.rollbackRequest ||
    overtakenBy(release, current) !== undefined ||
    current.rollingOut?.release === release.id
      ? undefined
      : { ...current, rollingOut: claim },
  );
  if (record.rollingOut?.release !== release.id) return;
  const revision = release.candidate?.revision ?? '';
  await tell(ports, release, { kind: 'traffic-requested', percent: 100, revision, reason });
}

async function takeBack(
  ports: RolloutPorts,
  { release, record, service, failed }: Seen,
  reason: string,
): Promise<void> {
  const back = record.stable?.revision;
  const wanted = back !== undefined && back !== release.candidate?.revision;
  // Only once the traffic is asked back is the release over: a terminal record would keep everybody from trying again.
  if (wanted && !(await ports.run.setTraffic(service, allTrafficTo(back, service.traffic, failed)))) {
    await ports.sleep(settleMs);
    return;
  }
  await tell(ports, release, { kind: 'rolled-back', reason });
}
