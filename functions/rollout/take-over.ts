import type { RunService } from '../platform/cloud-run.ts';
import type { ServiceRecord, Shares } from '../release/service-record.ts';
import { tell } from '../release/tell.ts';
import { without } from '../release/without.ts';
import { servingOf } from './confirm-live.ts';
import { froze } from './freeze.ts';
import type { RolloutPorts } from './ports.ts';
import { foreignTraffic, isForeign, sharesOf } from './shares.ts';

/**
 * Somebody has changed the traffic beside us: it is theirs from now on. The automation stops until a person releases it,
 * what was being rolled out is over, and a revision of ours that they gave everything to is what is stable. `judged`: the
 * record as it was read before the service, by which the traffic is not ours.
 */
export async function takeOver(
  ports: RolloutPorts,
  name: string,
  service: RunService,
  judged: ServiceRecord,
): Promise<void> {
  const observed = sharesOf(service.traffic);
  const at = ports.now().toISOString();
  const record = await ports.ledger.updateService(name, (current) => {
    if (current.frozen || current.rollbackRequest || !isForeign(observed, current)) return undefined;
    // We have asked for something else since this was seen: it may be what was ours then.
    if (JSON.stringify(current.traffic) !== JSON.stringify(judged.traffic)) return undefined;
    const why = foreignTraffic(observed, current);
    // A deployment that came by after them has changed the service last.
    const by = current.traffic?.foreign?.by ?? service.lastModifier ?? 'somebody';
    // Before it is written: a page that comes twice is better than one that is lost with us.
    ports.log('CRITICAL', `${name} is frozen: ${by} has changed it: ${why}`, { service: name });
    const { traffic, ...rest } = current;
    const settled = traffic ? { ...rest, traffic: without(traffic, 'foreign') } : rest;
    return froze(settled, { at, by, why, cause: 'takeover' });
  });
  if (record.frozen?.cause !== 'takeover') return;
  await yieldTo(ports, name, record, observed);
}

/** The records follow what a person did. A crash in between is made good at the next look: the freeze stands. */
export async function yieldTo(
  ports: RolloutPorts,
  name: string,
  { stable, rollingOut, frozen }: ServiceRecord,
  observed: Shares,
): Promise<void> {
  if (frozen?.cause !== 'takeover') return;
  const { by, why } = frozen;
  if (rollingOut)
    await tell(ports, { service: name, id: rollingOut.release }, { kind: 'taken-over', reason: why, by });
  const [only, ...others] = observed;
  const chosen = only && others.length === 0 ? await releaseServing(ports, name, only.revision) : undefined;
  if (chosen && stable && chosen.release !== stable.release) {
    const reason = `${by} gave all traffic to ${chosen.revision}`;
    await tell(ports, { service: name, id: stable.release }, { kind: 'rolled-back', reason, by });
  }
  await ports.ledger.updateService(name, (current) => {
    if (current.frozen?.at !== frozen.at) return undefined;
    const moved = chosen && chosen.release !== current.stable?.release;
    if (!current.rollingOut && !moved) return undefined;
    const rest = without(current, 'rollingOut');
    if (!moved) return rest;
    // As after `npm run rollback`: what was pushed before does not take the traffic again, and is not the way back.
    return { ...without(rest, 'previousGood'), stable: chosen, rolledBackAt: frozen.at };
  });
}

async function releaseServing(
  ports: RolloutPorts,
  service: string,
  revision: string,
): Promise<ReturnType<typeof servingOf>> {
  const release = await ports.ledger.release({ service, id: revision.slice(service.length + 1) });
  return release?.candidate?.revision === revision
    ? servingOf(release, ports.now().toISOString())
    : undefined;
}
