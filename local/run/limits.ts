import { deletionObstacle } from './deletion-obstacle.ts';
import { shortName } from './names.ts';
import type { RevisionRecord, ServiceRecord } from './records.ts';
import type { TrafficTarget } from './resources.ts';

/** What Cloud Run keeps at most. Beyond, it does not refuse: it deletes the oldest that nobody reaches by percent. */
export interface RunLimits {
  readonly revisionsPerService: number;
  /** Of all services of a project in a region. */
  readonly tagsPerRegion: number;
}

/** https://cloud.google.com/run/quotas */
export const runLimits: RunLimits = { revisionsPerService: 1_000, tagsPerRegion: 2_000 };

/** Full names of the revisions that have to go, the oldest first. `revisions` are all of the service. */
export function surplusRevisions(
  record: ServiceRecord,
  revisions: readonly RevisionRecord[],
  limit: number,
): string[] {
  if (revisions.length <= limit) return [];
  const generation = ({ configurationGeneration }: RevisionRecord): number => Number(configurationGeneration);
  return revisions
    .toSorted((a, b) => generation(a) - generation(b))
    .map(({ revision }) => revision.name)
    .filter((name) => deletionObstacle(shortName(name), record) === undefined)
    .filter((name) => shortName(name) !== shortName(record.service.latestCreatedRevision ?? ''))
    .slice(0, revisions.length - limit);
}

const isTag = ({ tag = '' }: TrafficTarget): boolean => tag !== '';

/** The traffic without the first of its tags that have no percent, as far as there are too many with `others`. */
export function withinTagLimit(
  traffic: readonly TrafficTarget[],
  others: number,
  limit: number,
): TrafficTarget[] {
  const idle = traffic.filter((target) => isTag(target) && (target.percent ?? 0) === 0);
  const surplus = Math.max(0, others + traffic.filter(isTag).length - limit);
  const dropped = new Set(idle.slice(0, surplus));
  return traffic.filter((target) => !dropped.has(target));
}

/** How many tags these services want. */
export const tagCount = (services: readonly ServiceRecord[]): number =>
  services.flatMap(({ service }) => service.traffic ?? []).filter(isTag).length;
