import type { CloudRun } from '../platform/cloud-run.ts';
import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger, RollbackRequest } from '../release/ledger.ts';
import type { Serving } from '../release/release.ts';
import { failedRevisions } from './failed-revisions.ts';
import { allTrafficTo, isAllTrafficTo, percentOf } from './plan.ts';
import { tell } from './tell.ts';

export interface RollbackPorts {
  readonly run: CloudRun;
  readonly ledger: Ledger;
  readonly topics: Topics;
  readonly log: Log;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

const maxLooks = 120;

/** Does what a person asked for in the service's record, if anything: all traffic to the named revision. */
export async function carryOutRollback(ports: RollbackPorts, service: string): Promise<void> {
  const { rollbackRequest: request, stable } = await ports.ledger.service(service);
  if (!request) return;
  const target = await servingOf(ports, service, request);
  const refusal = target
    ? await moveTraffic(ports, service, request)
    : 'this pipeline has released no such revision';
  if (refusal !== undefined) {
    ports.log('ERROR', `${service}: rollback to ${request.revision} refused: ${refusal}`);
    await closeRequest(
      ports,
      service,
      request,
      `rollback to ${request.revision} refused: ${refusal}`,
      undefined,
    );
    return;
  }
  if (stable && stable.revision !== request.revision) {
    await tell(
      ports,
      { service, id: stable.release },
      { kind: 'rolled-back', reason: `rolled back to ${request.revision}: ${request.why}`, by: request.by },
    );
  }
  await closeRequest(ports, service, request, `rolled back to ${request.revision}`, target);
}

/** Undefined once the revision serves everything, else why it cannot. */
async function moveTraffic(
  ports: RollbackPorts,
  name: string,
  { revision }: RollbackRequest,
): Promise<string | undefined> {
  const target = await ports.run.revision(name, revision);
  if (!target) return 'there is no such revision';
  if (target.ready !== 'yes') return `the revision is not ready: ${target.message}`;
  for (let look = 0; look < maxLooks; look += 1) {
    const service = await ports.run.service(name);
    if (!service) return 'the service does not exist';
    const failed = await failedRevisions(ports.run, name, service);
    if (!isAllTrafficTo(revision, service.traffic, failed)) {
      await ports.run.setTraffic(service, allTrafficTo(revision, service.traffic, failed));
      continue;
    }
    if (service.settled && service.failure !== undefined)
      return `Cloud Run could not serve it: ${service.failure}`;
    if (service.settled && percentOf(revision, service.serving) === 100) return undefined;
    await ports.sleep(250);
  }
  throw new Error(`the traffic of ${name} has not settled on ${revision}`);
}

async function servingOf(
  ports: RollbackPorts,
  service: string,
  { revision }: RollbackRequest,
): Promise<Serving | undefined> {
  const { previousGood, stable } = await ports.ledger.service(service);
  const known = [previousGood, stable].find((serving) => serving?.revision === revision);
  if (known) return { ...known, since: ports.now().toISOString() };
  const release = await ports.ledger.release({ service, id: revision.slice(service.length + 1) });
  if (!release?.candidate) return undefined;
  return {
    release: release.id,
    revision,
    image: release.candidate.image,
    commit: release.commit,
    buildCreateTime: release.build.createTime,
    since: ports.now().toISOString(),
  };
}

async function closeRequest(
  ports: RollbackPorts,
  service: string,
  request: RollbackRequest,
  what: string,
  stable: Serving | undefined,
): Promise<void> {
  await ports.ledger.updateService(service, (record) => {
    if (record.rollbackRequest?.at !== request.at) return undefined;
    const { rollbackRequest, ...rest } = record;
    return {
      ...rest,
      // The way back from a rollback is not the revision that was rolled back.
      ...(stable ? { stable, previousGood: undefined } : {}),
      log: [
        ...rest.log,
        { at: ports.now().toISOString(), what, by: rollbackRequest.by, why: rollbackRequest.why },
      ],
    };
  });
  await ports.ledger.closeRollback(service);
}
