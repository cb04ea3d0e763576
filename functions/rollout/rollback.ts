import type { RunService } from '../platform/cloud-run.ts';
import type { ReleaseKey } from '../release/naming.ts';
import type { RollbackRequest, ServiceRecord, Serving } from '../release/release.ts';
import { schemaTooOld } from '../release/steps.ts';
import { tell } from '../release/tell.ts';
import { without } from '../release/without.ts';
import { servingOf } from './confirm-live.ts';
import { failedRevisions } from './failed-revisions.ts';
import { froze, logged } from './freeze.ts';
import { foreignTraffic } from './plan.ts';
import { maxLooks, settleMs, type RolloutPorts } from './ports.ts';
import { asking, isForeign, sameShares, sharesOf, trafficFor, wantedShares } from './shares.ts';

/** What became of a rollback: done, given up for a reason, or somebody else's now. */
type Outcome =
  | { readonly kind: 'done'; readonly target: Serving }
  | { readonly kind: 'refused'; readonly reason: string; readonly freeze?: 'irreversible' }
  | { readonly kind: 'replaced' };

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
    } else ports.log('CRITICAL', `${service}: rollback to ${request.revision} refused: ${outcome.reason}`);
    await close(ports, service, request, outcome);
  }
  if (marker !== undefined) await ports.ledger.closeRollback(service, marker);
}

const isAutomatic = ({ release }: RollbackRequest): boolean => release !== undefined;
const sameRequest = (a: RollbackRequest | undefined, b: RollbackRequest): boolean =>
  a?.at === b.at && a.revision === b.revision && a.by === b.by;

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
  const revision = await ports.run.revision(name, request.revision);
  if (!revision) return { kind: 'refused', reason: 'there is no such revision' };
  if (revision.ready !== 'yes')
    return { kind: 'refused', reason: `the revision is not ready: ${revision.message}` };
  return moveTraffic(ports, name, request, target);
}

/** Cloud Run's own errors pass. What it cannot serve so often it cannot serve. */
const servingAttempts = 3;

async function moveTraffic(
  ports: RolloutPorts,
  name: string,
  request: RollbackRequest,
  target: Serving,
): Promise<Outcome> {
  const wanted = wantedShares(target.revision, 100, undefined);
  let unserved = 0;
  for (let look = 0; look < maxLooks; look += 1) {
    const service = await ports.run.service(name);
    if (!service) return { kind: 'refused', reason: 'the service does not exist' };
    const observed = sharesOf(service.traffic);
    const record = await ask(ports, name, request, wanted, service);
    if (!sameRequest(record.rollbackRequest, request)) return { kind: 'replaced' };
    if (isAutomatic(request) && isForeign(observed, record))
      return { kind: 'refused', reason: `somebody else has changed it: ${foreignTraffic(observed, record)}` };
    const failed = await failedRevisions(ports.run, name, service);
    const spoilt = service.traffic.some(({ revision = '' }) => failed.has(revision));
    if (spoilt || !sameShares(observed, wanted)) {
      const accepted = await ports.run.setTraffic(service, trafficFor(wanted, service.traffic, failed));
      if (!accepted) await ports.sleep(settleMs);
      continue;
    }
    // What is served counts, not whether the service is well: another revision may be what it complains of.
    if (service.settled && sameShares(sharesOf(service.serving), wanted)) return { kind: 'done', target };
    if (service.settled && service.failure !== undefined) {
      unserved += 1;
      if (unserved >= servingAttempts)
        return { kind: 'refused', reason: `Cloud Run could not serve it: ${service.failure}` };
      // It does not try again by itself; and given up, it would come about all the same with the next deployment.
      await ports.run.setTraffic(service, trafficFor(wanted, service.traffic, failed));
    }
    await ports.sleep(settleMs);
  }
  throw new Error(`the traffic of ${name} has not settled on ${target.revision}`);
}

/** Writes down what is asked for before it is; the record that stands. */
async function ask(
  ports: RolloutPorts,
  name: string,
  request: RollbackRequest,
  wanted: ReturnType<typeof sharesOf>,
  service: RunService,
): Promise<ServiceRecord> {
  const at = ports.now().toISOString();
  const observed = sharesOf(service.traffic);
  return ports.ledger.updateService(name, (current) => {
    if (!sameRequest(current.rollbackRequest, request)) return undefined;
    if (isAutomatic(request) && isForeign(observed, current)) return undefined;
    const traffic = asking(wanted, observed, current, at, request.by);
    return traffic === current.traffic ? undefined : { ...current, traffic };
  });
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
    const next = logged(stableAgain(rest, outcome.target), {
      ...entry,
      what: `rolled back to ${request.revision}`,
    });
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
