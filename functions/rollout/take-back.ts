import type { RunService } from '../platform/cloud-run.ts';
import { topics } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import type { Frozen, Quarantined, ServiceRecord } from '../release/service-record.ts';
import { tell } from '../release/tell.ts';
import { without } from '../release/without.ts';
import { froze } from './freeze.ts';
import type { RolloutPorts } from './ports.ts';
import { carryOutRollback } from './rollback.ts';
import { wasTakenBack } from './taken-back.ts';
import { findWayBack } from './way-back.ts';

/** By whom things are done that nobody has asked for. */
export const automation = 'slipway';

/**
 * Takes the traffic of a release back by itself. What it is and why is written into the service's record first, together
 * with the quarantine, so that whoever comes next carries it on; a way back that is closed stops everything and pages.
 */
export async function takeBack(
  ports: RolloutPorts,
  release: Release,
  record: ServiceRecord,
  service: RunService,
  reason: string,
): Promise<void> {
  const { service: name, id } = release;
  const at = ports.now().toISOString();
  const way = await findWayBack(ports, release, record, service);
  const held = quarantineOf(release, reason, at);
  switch (way.kind) {
    case 'to': {
      const request = { revision: way.target.revision, by: automation, why: reason, at, release: id };
      const now = await ports.ledger.requestRollback(name, request, (current) =>
        current.frozen || wasTakenBack(current, id) ? undefined : withQuarantine(current, held),
      );
      if (now.rollbackRequest) await carryOutRollback(ports, name);
      else if (wasTakenBack(now, id))
        await giveUp(
          ports,
          held,
          release,
          `its rollback was refused; the log of ${name} says why`,
          'no-way-back',
        );
      return;
    }
    case 'first': {
      await ports.ledger.updateService(name, (current) =>
        wasTakenBack(current, id) ? undefined : withoutClaim(withQuarantine(current, held), id),
      );
      // What follows is cut off where it is too long for a GitHub status: what is the case comes first.
      const why = `there is no earlier release to go back to, so it goes on serving until a better one comes: ${reason}`;
      // Before the records say so: a page that comes twice is better than one that is lost with us.
      ports.log('CRITICAL', `${name}: ${why}`, { service: name, release: id });
      await tell(ports, release, { kind: 'rolled-back', reason: why, by: automation });
      return;
    }
    case 'blocked':
      await giveUp(ports, held, release, `${reason}, but it cannot be taken back: ${way.reason}`, way.cause);
      return;
    default:
      way satisfies never;
  }
}

/**
 * Stops the automation and pages: a person has to decide. Once a release: when they let the service go again, what mends
 * it is to come through. Nothing to do where the release has ended meanwhile.
 */
async function giveUp(
  ports: RolloutPorts,
  held: Quarantined,
  { service, id }: Release,
  problem: string,
  cause: Frozen['cause'],
): Promise<void> {
  const release = await ports.ledger.release({ service, id });
  if (!release || (release.stage !== 'rolling-out' && release.stage !== 'live')) return;
  const why = `${id} is bad: ${problem}`;
  const frozen = { at: ports.now().toISOString(), by: automation, why, cause };
  const record = await ports.ledger.updateService(service, (current) => {
    if (current.frozen || current.rollbackRequest) return undefined;
    // Before it is written: a page that comes twice is better than one that is lost with us.
    ports.log('CRITICAL', `${service} is frozen: ${why}`, { service, release: id });
    const others = current.quarantine.filter((each) => each.release !== id);
    return froze({ ...current, quarantine: [...others, { ...held, stuck: problem }] }, frozen);
  });
  if (record.frozen?.at !== frozen.at) return;
  // So that people see it at the commit too.
  await ports.topics.publish(topics.releases, { service, release: id });
}

const withQuarantine = (record: ServiceRecord, held: Quarantined): ServiceRecord => ({
  ...record,
  quarantine: [...record.quarantine, held],
});

const withoutClaim = (record: ServiceRecord, id: string): ServiceRecord =>
  record.rollingOut?.release === id ? without(record, 'rollingOut') : record;

const quarantineOf = (release: Release, reason: string, at: string): Quarantined => ({
  at,
  release: release.id,
  commit: release.commit,
  digest: release.candidate?.image.split('@')[1] ?? '',
  reason,
});
