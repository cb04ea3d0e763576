import type { RunService } from '../platform/cloud-run.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { inWords, sameShares, sharesOf } from './shares.ts';

/**
 * What serves is not what was last released, although Cloud Run is at rest and nobody has taken the traffic over: the
 * sentence for the alarm. While something is under way Cloud Run may lag behind; a freeze has paged already.
 */
export function drift(record: ServiceRecord, service: RunService): string | undefined {
  const { traffic, frozen, rollingOut, rollbackRequest } = record;
  if (!traffic || frozen || rollingOut || rollbackRequest || !service.settled) return undefined;
  const serving = sharesOf(service.serving);
  if (sameShares(serving, traffic.asked)) return undefined;
  const why = service.failure === undefined ? '' : ` (${service.failure})`;
  return `it serves ${inWords(serving)}, where ${inWords(traffic.asked)} was released last${why}`;
}
