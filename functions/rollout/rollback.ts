import type { ReleaseKey } from '../release/naming.ts';
import type { RollbackRequest, ServiceRecord, Serving } from '../release/service-record.ts';
import { schemaTooOld } from '../release/steps.ts';
import { tell } from '../release/tell.ts';
import { without } from '../release/without.ts';
import { servingOf } from './confirm-live.ts';
import { silence, unready } from './fitness.ts';
import { froze, logged } from './freeze.ts';
import { giveBack } from './give-back.ts';
import { allTo, isAutomatic, moveTraffic, sameRequest, type Outcome } from './move-traffic.ts';
import type { RolloutPorts } from './ports.ts';
import { sameShares, sharesOf } from './shares.ts';

/** Does what is asked for in the service's record, if anything: all traffic to the named revision, in one change. */
export async function carryOutRollback(ports: RolloutPorts, service: string): Promise<void> {
  // Before the record: a request that is written after it has a newer marker, which then stays.
  const marker = await ports.ledger.rollbackMarker(service);
  const record = await ports.ledger.service(service);
  const { rollbackRequest: request } = record;
  if (request) {
    const outcome = await rollBack(ports, service, request, record);
    if (outcome.kind === 'replaced') return;
    if (outcome.kind === 'done') {
      ports.log(
        'WARNING',
        `${service} was rolled back to ${request.revision} by ${request.by}: ${request.why}`,
      );
      await endReleases(ports, service, request, outcome.target);
    } else {
      // First of all: as long as the request stands, whoever comes next begins again.
      if (!isAutomatic(request)) await giveBack(ports, service, request);
      ports.log('CRITICAL', `${service}: rollback to ${request.revision} refused: ${outcome.reason}`);
    }
    await close(ports, service, request, outcome);
  }
  if (marker !== undefined) await ports.ledger.closeRollback(service, marker);
}

async function rollBack(
  ports: RolloutPorts,
  name: string,
  request: RollbackRequest,
  record: ServiceRecord,
): Promise<Outcome> {
  const target = await ownRevision(ports, name, request.revision);
  if (!target) return { kind: 'refused', reason: 'this pipeline has released no such revision' };
  const tooOld = schemaTooOld(target, record);
  if (tooOld !== undefined && request.overSchema !== true)
    return { kind: 'refused', reason: tooOld, freeze: 'irreversible' };
  const unfit =
    (await unready(ports, name, request.revision)) ?? (await untried(ports, name, request, target));
  return unfit === undefined ? moveTraffic(ports, name, request, target) : { kind: 'refused', reason: unfit };
}

/**
 * A person names a revision that may not have been asked for days. Once its traffic is asked for it is on its way: what it
 * answers then changes nothing. An automatic rollback has been through this when it was asked for.
 */
async function untried(
  ports: RolloutPorts,
  name: string,
  request: RollbackRequest,
  target: Serving,
): Promise<string | undefined> {
  if (isAutomatic(request) || request.overHealth === true) return undefined;
  const service = await ports.run.service(name);
  if (!service || sameShares(sharesOf(service.traffic), allTo(request.revision))) return undefined;
  const silent = await silence(ports, target, service);
  return silent && `${silent}; to go there nevertheless: --over-health`;
}

/** What the records know of the revision that shall serve; undefined when it is none of the pipeline's. */
async function ownRevision(
  ports: RolloutPorts,
  service: string,
  revision: string,
): Promise<Serving | undefined> {
  const key: ReleaseKey = { service, id: revision.slice(service.length + 1) };
  const release = await ports.ledger.release(key);
  if (release?.candidate?.revision !== revision) return undefined;
  return servingOf(release, ports.now().toISOString());
}

/** Whatever had traffic or was about to get it has been taken back, but for the target itself. */
async function endReleases(
  ports: RolloutPorts,
  service: string,
  request: RollbackRequest,
  target: Serving,
): Promise<void> {
  const { rollingOut, stable } = await ports.ledger.service(service);
  const reason = `rolled back to ${request.revision}: ${request.why}`;
  // An automatic one is about one release; a newer one that has just begun begins again.
  const ids = isAutomatic(request) ? [request.release] : [rollingOut?.release, stable?.release];
  for (const id of new Set(ids)) {
    if (id === undefined || id === target.release) continue;
    await tell(ports, { service, id }, { kind: 'rolled-back', reason, by: request.by });
  }
}

async function close(
  ports: RolloutPorts,
  service: string,
  request: RollbackRequest,
  outcome: Exclude<Outcome, { kind: 'replaced' }>,
): Promise<void> {
  const at = ports.now().toISOString();
  const { by, why } = request;
  await ports.ledger.updateService(service, (record) => {
    if (!sameRequest(record.rollbackRequest, request)) return undefined;
    const rest = without(record, 'rollbackRequest');
    const entry = { at, by, why, request: request.at };
    if (outcome.kind === 'refused') {
      const what = `rollback to ${request.revision} refused: ${outcome.reason}`;
      const next = logged(rest, { ...entry, what });
      return outcome.freeze ? froze(next, { at, by, why: what, cause: outcome.freeze }) : next;
    }
    const unasked = request.overHealth === true ? ', without asking whether it answers' : '';
    const what = `rolled back to ${request.revision}${unasked}`;
    const next = logged(stableAgain(rest, outcome.target), { ...entry, what });
    if (isAutomatic(request)) return next;
    // A person's word: what was pushed before does not take the traffic again, and nothing does until they let it.
    const frozen = { at, by, why: `rolled back to ${request.revision}: ${why}`, cause: 'rollback' as const };
    const told = { ...next, rolledBackAt: at };
    return request.keepGoing === true ? told : froze(told, frozen);
  });
}

/** The target is stable. The way back from a rollback is not what was rolled back. */
function stableAgain(record: ServiceRecord, target: Serving): ServiceRecord {
  const { stable, previousGood, traffic } = record;
  const rest = without(record, 'rollingOut', 'previousGood');
  const unchanged = stable?.release === target.release;
  return {
    ...rest,
    stable: unchanged ? stable : target,
    ...(unchanged && previousGood ? { previousGood } : {}),
    ...(traffic ? { traffic: { ...traffic, before: [] } } : {}),
  };
}
