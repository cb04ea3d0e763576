import type { RollbackRequest } from '../release/ledger.ts';
import type { Serving } from '../release/release.ts';
import { tell } from '../release/tell.ts';
import { failedRevisions } from './failed-revisions.ts';
import type { RolloutPorts } from './ports.ts';
import { allTrafficTo, isAllTrafficTo, percentOf } from './plan.ts';

const maxLooks = 120;
const settleMs = 250;

/** Does what a person asked for in the service's record, if anything: all traffic to the named revision. */
export async function carryOutRollback(ports: RolloutPorts, service: string): Promise<void> {
  // Before the record: a request that is written after it has a newer marker, which then stays.
  const marker = await ports.ledger.rollbackMarker(service);
  const { rollbackRequest: request, stable, rollingOut } = await ports.ledger.service(service);
  if (request) {
    const target = await servingOf(ports, service, request);
    const refusal = target
      ? await moveTraffic(ports, service, request)
      : 'this pipeline has released no such revision';
    if (refusal === undefined) {
      // Whatever had traffic or was about to get it has been taken back, but for the target itself.
      const reason = `rolled back to ${request.revision}: ${request.why}`;
      for (const id of new Set([rollingOut?.release, stable?.release])) {
        if (id === undefined || id === target?.release) continue;
        await tell(ports, { service, id }, { kind: 'rolled-back', reason, by: request.by });
      }
      await closeRequest(ports, service, request, `rolled back to ${request.revision}`, target);
    } else {
      ports.log('ERROR', `${service}: rollback to ${request.revision} refused: ${refusal}`);
      const what = `rollback to ${request.revision} refused: ${refusal}`;
      await closeRequest(ports, service, request, what, undefined);
    }
  }
  if (marker !== undefined) await ports.ledger.closeRollback(service, marker);
}

/** Undefined once the revision serves everything, else why it cannot. */
async function moveTraffic(
  ports: RolloutPorts,
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
      const accepted = await ports.run.setTraffic(service, allTrafficTo(revision, service.traffic, failed));
      if (!accepted) await ports.sleep(settleMs);
      continue;
    }
    // What is served counts, not whether the service is well: another revision may be what it complains of.
    if (service.settled && percentOf(revision, service.serving) === 100) return undefined;
    if (service.settled && service.failure !== undefined)
      return `Cloud Run could not serve it: ${service.failure}`;
    await ports.sleep(settleMs);
  }
  throw new Error(`the traffic of ${name} has not settled on ${revision}`);
}

/** What the records know of the revision that shall serve; undefined when it is none of the pipeline's. */
async function servingOf(
  ports: RolloutPorts,
  service: string,
  { revision }: RollbackRequest,
): Promise<Serving | undefined> {
  const release = await ports.ledger.release({ service, id: revision.slice(service.length + 1) });
  if (release?.candidate?.revision !== revision) return undefined;
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
  ports: RolloutPorts,
  service: string,
  request: RollbackRequest,
  what: string,
  target: Serving | undefined,
): Promise<void> {
  await ports.ledger.updateService(service, (record) => {
    if (record.rollbackRequest?.at !== request.at) return undefined;
    const { rollbackRequest, rollingOut, stable, previousGood, ...rest } = record;
    const at = ports.now().toISOString();
    const entry = { at, what, by: rollbackRequest.by, why: rollbackRequest.why, request: request.at };
    const log = [...rest.log, entry];
    if (!target) {
      return {
        ...rest,
        log,
        ...(rollingOut ? { rollingOut } : {}),
        ...(stable ? { stable } : {}),
        ...(previousGood ? { previousGood } : {}),
      };
    }
    const same = stable?.release === target.release;
    // The way back from a rollback is not what was rolled back.
    return {
      ...rest,
      log,
      rolledBackAt: at,
      stable: target,
      ...(same && previousGood ? { previousGood } : {}),
    };
  });
}
