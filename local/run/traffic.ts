import { ApiError } from '../core/api-error.ts';
import type { Routes } from './records.ts';
import type { TrafficTarget, TrafficTargetStatus } from './resources.ts';

const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/** No traffic given means all of it to the latest revision. */
export const effectiveTraffic = (targets: readonly TrafficTarget[] | undefined): readonly TrafficTarget[] =>
  targets && targets.length > 0 ? targets : [{ type: latest, percent: 100 }];

/** The revision that a target names, or undefined for one that follows the latest. */
export const namedRevision = (target: TrafficTarget): string | undefined =>
  target.type === latest || !target.revision ? undefined : target.revision;

/**
 * Checks the traffic that a user wants. `exists` knows the revisions of the service, the one being made included.
 * Throws INVALID_ARGUMENT; FAILED_PRECONDITION for a revision that does not exist.
 */
export function checkTraffic(
  serviceId: string,
  targets: readonly TrafficTarget[],
  exists: (revision: string) => boolean,
): void {
  const tags = new Set<string>();
  let total = 0;
  for (const [index, target] of targets.entries()) {
    const place = `traffic[${index}]`;
    const { type, revision = '', percent = 0, tag = '' } = target;
    if (type === undefined || type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_UNSPECIFIED')
      throw invalid(
        `${place}.type: is required, TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST or TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION`,
      );
    if (type === latest && revision !== '')
      throw invalid(`${place}.revision: must be empty for a target of type LATEST`);
    if (type !== latest && revision === '')
      throw invalid(`${place}.revision: is required for a target of type REVISION`);
    if (type !== latest && !exists(revision)) {
      throw new ApiError(
        'FAILED_PRECONDITION',
        `${place}.revision: Revision '${revision}' does not exist or is deleted. Update all traffic to route to currently available revisions.`,
      );
    }
    if (percent < 0 || percent > 100) throw invalid(`${place}.percent: must be between 0 and 100`);
    total += percent;
    if (tag === '') continue;
    if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(tag))
      throw invalid(`${place}.tag: "${tag}" must be lower-case letters, digits and hyphens`);
    // The tag's host name is `<tag>---<service>…`, one DNS label.
    if (tag.length + serviceId.length > 63)
      throw invalid(`${place}.tag: "${tag}" and the service's name together are longer than 63 characters`);
    if (tags.has(tag)) throw invalid(`${place}.tag: the tag "${tag}" is used twice`);
    tags.add(tag);
  }
  if (total !== 100) throw invalid(`traffic: the percents must add up to 100, not ${total}`);
}

/** Where requests go for these targets, once `latestReady` is what LATEST stands for. */
export function routesFor(targets: readonly TrafficTarget[], latestReady: string): Routes {
  const shares = new Map<string, number>();
  const tags: Record<string, string> = {};
  for (const target of targets) {
    const revision = namedRevision(target) ?? latestReady;
    const percent = target.percent ?? 0;
    if (percent > 0) shares.set(revision, (shares.get(revision) ?? 0) + percent);
    if (target.tag) tags[target.tag] = revision;
  }
  return { shares: [...shares].map(([revision, percent]) => ({ revision, percent })), tags };
}

/** Every revision that is reached by somebody: by percent, or at a tag. */
export const routedRevisions = ({ shares, tags }: Routes): Set<string> =>
  new Set([...shares.map(({ revision }) => revision), ...Object.values(tags)]);

/** The status of targets that are in force. A LATEST entry names no revision, as Cloud Run's own do not. */
export const trafficStatuses = (
  targets: readonly TrafficTarget[],
  uriOfTag: (tag: string) => string,
): TrafficTargetStatus[] =>
  targets.map((target) => ({ ...target, ...(target.tag ? { uri: uriOfTag(target.tag) } : {}) }));

/** The revision for one request, by the shares' sizes. `random` is in [0, 1). Undefined when nothing is routed. */
export function pickRevision({ shares }: Pick<Routes, 'shares'>, random: number): string | undefined {
  let left = random * shares.reduce((sum, { percent }) => sum + percent, 0);
  for (const { revision, percent } of shares) {
    left -= percent;
    if (left < 0) return revision;
  }
  return shares.at(-1)?.revision;
}
