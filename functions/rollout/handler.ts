import { z } from 'zod';
import type { CloudRun, RunService } from '../platform/cloud-run.ts';
import type { Log } from '../platform/log.ts';
import { decodeJson, type Decoded, type PubSubMessage } from '../platform/pubsub-event.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import type { ReleaseKey } from '../release/naming.ts';
import type { Release, ServiceRecord } from '../release/release.ts';
import { confirmLive } from './confirm-live.ts';
import { failedRevisions } from './failed-revisions.ts';
import { allTrafficTo, plan, type Plan } from './plan.ts';
import { carryOutRollback } from './rollback.ts';
import { tell } from './tell.ts';

export interface RolloutPorts {
  readonly run: CloudRun;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** Without a release the hint is about the service itself: somebody asks for a rollback. */
const input = z.object({ service: z.string(), release: z.string().optional() });
type Input = z.infer<typeof input>;

export const decodeRolloutHint = (message: PubSubMessage): Decoded<Input> => decodeJson(message, input);

/** What does not settle within this many looks is left to the tick. */
const maxLooks = 120;
const settleMs = 250;

/** A release or its service has moved: takes the next steps towards what should serve, until there is none left. */
export async function handleRolloutHint(ports: RolloutPorts, { service, release }: Input): Promise<void> {
  await carryOutRollback(ports, service);
  if (release === undefined) return;
  const key: ReleaseKey = { service, id: release };
  for (let look = 0; look < maxLooks; look += 1) {
    const found = await ports.ledger.release(key);
    if (!found) return;
    const record = await ports.ledger.service(service);
    const running = await ports.run.service(service);
    const failed = await failedRevisions(ports.run, service, running);
    const next = plan(found, record, running, failed);
    if (next.kind === 'nothing') return;
    await act(ports, next, found, record, running, failed);
  }
  ports.log('WARNING', `${service} ${release}: its traffic has not settled; the next tick looks again`);
}

async function act(
  ports: RolloutPorts,
  next: Exclude<Plan, { kind: 'nothing' }>,
  release: Release,
  record: ServiceRecord,
  running: RunService | undefined,
  failed: ReadonlySet<string>,
): Promise<void> {
  const service = running;
  if (!service) return;
  switch (next.kind) {
    case 'begin':
      await tell(ports, release, {
        kind: 'traffic-requested',
        percent: 100,
        revision: release.candidate?.revision ?? '',
        reason: next.reason,
      });
      return;
    case 'set-traffic':
      // Refused by the etag: somebody changed the service meanwhile. The next look decides anew.
      if (!(await ports.run.setTraffic(service, next.traffic)))
        ports.log('NOTICE', `${release.service} was changed by somebody else; looking again`);
      return;
    case 'set-open':
      await ports.run.setOpen(service, next.open);
      return;
    case 'settle':
      await ports.sleep(settleMs);
      return;
    case 'confirm':
      await confirmLive(ports, release);
      return;
    case 'take-back': {
      const back = record.stable?.revision;
      const wanted = back !== undefined && back !== release.candidate?.revision;
      // Only once the traffic is asked back is the release over: a terminal record would keep everybody from trying again.
      if (wanted && !(await ports.run.setTraffic(service, allTrafficTo(back, service.traffic, failed))))
        return;
      await tell(ports, release, { kind: 'rolled-back', reason: next.reason });
      return;
    }
    case 'supersede':
      await tell(ports, release, { kind: 'superseded', reason: next.reason });
      return;
    default:
      next satisfies never;
  }
}
