import type { RollbackRequest, ServiceRecord, Shares } from '../release/service-record.ts';
import { failedRevisions } from './failed-revisions.ts';
import { allTo, sameRequest } from './move-traffic.ts';
import { maxLooks, settleMs, type RolloutPorts } from './ports.ts';
import { asking, isForeign, sameShares, sharesOf, trafficFor } from './shares.ts';
import { wasTakenBack } from './taken-back.ts';

/**
 * A person's rollback that is refused leaves nothing asked for: what is served is what is asked for again. Else the next
 * deployment would bring about what the person was told would not come.
 */
export async function giveBack(ports: RolloutPorts, name: string, request: RollbackRequest): Promise<void> {
  const target = allTo(request.revision);
  for (let look = 0; look < maxLooks; look += 1) {
    const service = await ports.run.service(name);
    if (!service) return;
    const observed = sharesOf(service.traffic);
    const isMoved = sameShares(observed, target);
    const rest = isMoved ? sharesOf(service.serving) : observed;
    const at = ports.now().toISOString();
    const record = await ports.ledger.updateService(name, (current) => {
      if (!sameRequest(current.rollbackRequest, request) || isForeign(observed, current)) return undefined;
      const { traffic } = current;
      if (traffic && isAskedFor(current, target) && mayServe(current, rest))
        return { ...current, traffic: asking(rest, observed, current, at, request.by) };
      // Any other traffic is somebody else's doing from now on.
      return traffic && traffic.before.length > 0 && sameShares(traffic.asked, observed) && !isMoved
        ? { ...current, traffic: { ...traffic, before: [] } }
        : undefined;
    });
    const { rollbackRequest, traffic } = record;
    if (!sameRequest(rollbackRequest, request) || traffic?.by !== request.by) return;
    if (sameShares(traffic.asked, observed)) {
      if (isMoved || traffic.before.length === 0) return;
      continue;
    }
    if (!isMoved) return;
    const failed = await failedRevisions(ports.run, name, service);
    if (!(await ports.run.setTraffic(service, trafficFor(traffic.asked, service.traffic, failed))))
      await ports.sleep(settleMs);
  }
  throw new Error(`what was asked of ${name} for a rollback that is refused could not be taken back`);
}

/** By this rollback: what was asked for before it, and has long been served, is not given up because it is not now. */
const isAskedFor = ({ traffic }: ServiceRecord, target: Shares): boolean =>
  traffic !== undefined && traffic.before.length > 0 && sameShares(traffic.asked, target);

/** What was found bad is not asked for a second time, even while it still serves. */
const mayServe = (record: ServiceRecord, rest: Shares): boolean =>
  rest.length > 0 &&
  rest.every(
    ({ revision }) =>
      revision === record.stable?.revision ||
      !wasTakenBack(record, revision.slice(record.service.length + 1)),
  );
