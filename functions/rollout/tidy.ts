import type { RunService } from '../platform/cloud-run.ts';
import { activeRelease } from '../release/naming.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import type { RolloutPorts } from './ports.ts';
import { expendable } from './retention.ts';
import { sameShares, sharesOf } from './shares.ts';

/** One tick in so many minutes: each costs a list of all revisions. */
const everyMinutes = 10;
const maxDeletions = 10;

/** Nobody is about to change what serves: neither a release nor a person, nor Cloud Run itself. */
const isAtRest = ({ rollingOut, rollbackRequest, frozen }: ServiceRecord): boolean =>
  !rollingOut && !rollbackRequest && !frozen;

/** Drops old tags, and deletes old revisions that nothing leads to, as long as nothing else is going on. */
export async function tidy(
  ports: RolloutPorts,
  name: string,
  record: ServiceRecord,
  service: RunService,
): Promise<void> {
  if (ports.now().getUTCMinutes() % everyMinutes !== 0 || !isAtRest(record)) return;
  const asked = record.traffic?.asked ?? [];
  if (!service.settled || service.failure !== undefined) return;
  if (![service.traffic, service.serving].every((targets) => sameShares(sharesOf(targets), asked))) return;

  const active = (await ports.ledger.active())
    .flatMap((marker) => activeRelease(marker) ?? [])
    .filter((key) => key.service === name);
  const { traffic, serving } = service;
  const revisions = await ports.run.revisions(name);
  const old = expendable({ service: name, traffic, serving, record, revisions, active });

  if (old.tags.length > 0) {
    const dropped = new Set<string | undefined>(old.tags);
    const kept = traffic.filter(({ tag, percent }) => percent > 0 || !dropped.has(tag));
    // Refused by the etag: somebody is at it, so something is going on.
    if (!(await ports.run.setTraffic(service, kept))) return;
    ports.log('INFO', `${name}: ${old.tags.length} old tags were dropped`, { service: name, tags: old.tags });
  }
  await deleteRevisions(ports, name, old.revisions.slice(0, maxDeletions));
}

async function deleteRevisions(
  ports: RolloutPorts,
  name: string,
  revisions: readonly string[],
): Promise<void> {
  const deleted: string[] = [];
  for (const revision of revisions) {
    // Somebody may just have asked to go back to it.
    if (!isAtRest(await ports.ledger.service(name))) break;
    if (await ports.run.deleteRevision(name, revision)) deleted.push(revision);
  }
  if (deleted.length > 0)
    ports.log('INFO', `${name}: ${deleted.length} old revisions were deleted`, {
      service: name,
      revisions: deleted,
    });
}
