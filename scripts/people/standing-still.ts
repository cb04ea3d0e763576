import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { decisionInWords } from './words.ts';

/** Why nothing of the service can be moved forward now, and what ends that; undefined when nothing stands in the way. */
export function standingStill(
  { service, frozen, rollbackRequest }: ServiceRecord,
  now: Date,
): string | undefined {
  if (rollbackRequest)
    return `a rollback of ${service} to ${rollbackRequest.revision} is under way, asked for ${decisionInWords(rollbackRequest, now)}; wait for its end (npm run status)`;
  if (frozen)
    return `${service} is frozen ${decisionInWords(frozen, now)}; look at what serves, then end it with: npm run release -- ${service}`;
  return undefined;
}
