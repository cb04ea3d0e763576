import { clearDeadClaim } from './dead-claim.ts';
import { drift } from './drift.ts';
import type { RolloutPorts } from './ports.ts';
import { takeOver, yieldTo } from './take-over.ts';
import { isForeign, sharesOf } from './shares.ts';
import { tidy } from './tidy.ts';

/** Looks whether a service serves what it was last asked to, release or not. */
export async function watchService(ports: RolloutPorts, name: string): Promise<void> {
  const record = await ports.ledger.service(name);
  if (!record.traffic || record.rollbackRequest) return;
  const service = await ports.run.service(name);
  if (!service) {
    if (!record.frozen)
      ports.log('CRITICAL', `${name} is gone: the service does not exist any more`, { service: name });
    return;
  }
  const observed = sharesOf(service.traffic);
  if (record.frozen) {
    await yieldTo(ports, name, record, observed);
    return;
  }
  if (isForeign(observed, record)) {
    await takeOver(ports, name, service, record);
    return;
  }
  if (await clearDeadClaim(ports, record, service)) return;
  const drifted = drift(record, service);
  if (drifted !== undefined) ports.log('CRITICAL', `${name}: ${drifted}`, { service: name, alarm: 'drift' });
  else await tidy(ports, name, record, service);
}
