import type { RunService } from '../platform/cloud-run.ts';
import type { RollbackRequest, ServiceRecord, Serving, Shares } from '../release/service-record.ts';
import { failedRevisions } from './failed-revisions.ts';
import { maxLooks, settleMs, type RolloutPorts } from './ports.ts';
import {
  asking,
  foreignTraffic,
  isForeign,
  sameShares,
  sharesOf,
  trafficFor,
  wantedShares,
} from './shares.ts';

/** What became of a rollback: done, given up for a reason, or somebody else's now. */
export type Outcome =
  | { readonly kind: 'done'; readonly target: Serving }
  | { readonly kind: 'refused'; readonly reason: string; readonly freeze?: 'irreversible' }
  | { readonly kind: 'replaced' };

export const isAutomatic = ({ release }: RollbackRequest): boolean => release !== undefined;
export const sameRequest = (a: RollbackRequest | undefined, b: RollbackRequest): boolean =>
  a?.at === b.at && a.revision === b.revision && a.by === b.by;

/** All traffic, in one change. */
export const allTo = (revision: string): Shares => wantedShares(revision, 100, undefined);

/** Cloud Run's own errors pass. What it cannot serve so often it cannot serve. */
const servingAttempts = 3;

/** Gives all traffic to the target, and waits until Cloud Run serves it. */
export async function moveTraffic(
  ports: RolloutPorts,
  name: string,
  request: RollbackRequest,
  target: Serving,
): Promise<Outcome> {
  const wanted = allTo(target.revision);
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
