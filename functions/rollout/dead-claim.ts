import type { RunService } from '../platform/cloud-run.ts';
import { terminalStages } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { without } from '../release/without.ts';
import type { RolloutPorts } from './ports.ts';
import { carryOutRollback } from './rollback.ts';
import { inWords, isForeign, sameShares, sharesOf, wantedShares } from './shares.ts';
import { automation } from './take-back.ts';

/**
 * A release that ends between its claim and its traffic leaves a claim that nobody follows up, and with it what the release
 * before had, which gave way to the claim. What is left goes to the stable revision. True when there was such a claim.
 */
export async function clearDeadClaim(
  ports: RolloutPorts,
  { service: name, rollingOut, stable }: ServiceRecord,
  service: RunService,
): Promise<boolean> {
  if (!rollingOut) return false;
  const id = rollingOut.release;
  const release = await ports.ledger.release({ service: name, id });
  if (!release || (!terminalStages.has(release.stage) && stable?.release !== id)) return false;
  const observed = sharesOf(service.traffic);
  const isRest = !stable || sameShares(observed, wantedShares(stable.revision, 100, undefined));
  if (isRest || stable.release === id) {
    const at = ports.now().toISOString();
    await ports.ledger.updateService(name, (current) =>
      current.rollingOut?.release === id &&
      !current.rollbackRequest &&
      !current.frozen &&
      !isForeign(observed, current)
        ? {
            ...without(current, 'rollingOut'),
            ...(isRest ? { traffic: { asked: observed, before: [], at, by: automation } } : {}),
          }
        : undefined,
    );
    return true;
  }
  const why = `${id} is ${release.stage} and has left ${inWords(observed)}`;
  const request = {
    revision: stable.revision,
    by: automation,
    why,
    at: ports.now().toISOString(),
    release: id,
  };
  await ports.ledger.requestRollback(name, request, (current) =>
    current.frozen || current.rollingOut?.release !== id || isForeign(observed, current)
      ? undefined
      : current,
  );
  await carryOutRollback(ports, name);
  return true;
}
