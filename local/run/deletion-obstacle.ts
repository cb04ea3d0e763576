import { shortName } from './names.ts';
import type { ServiceRecord } from './records.ts';
import { namedRevision, routedRevisions } from './traffic.ts';

/** Why a revision must not be deleted, or undefined when it may be. */
export function deletionObstacle(revision: string, { service, routes }: ServiceRecord): string | undefined {
  const named = (service.traffic ?? []).some((target) => namedRevision(target) === revision);
  if (named || routedRevisions(routes).has(revision))
    return `Revision '${revision}' cannot be deleted: traffic or a tag of the service '${shortName(service.name)}' leads to it.`;
  if (shortName(service.latestReadyRevision ?? '') === revision)
    return `Revision '${revision}' cannot be deleted: it is the latest ready revision of the service '${shortName(service.name)}'.`;
  return undefined;
}
