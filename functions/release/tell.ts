import type { Log } from '../platform/log.ts';
import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from './ledger.ts';
import { topics as topicNames, type ReleaseKey } from './naming.ts';
import type { Observation } from './transitions.ts';

/** Brings the observation to the record, and the news of it to everybody else. */
export async function tell(
  ports: { readonly ledger: Ledger; readonly topics: Topics; readonly log: Log },
  { service, id }: ReleaseKey,
  seen: Observation,
): Promise<void> {
  const recorded = await ports.ledger.record({ service, id }, seen);
  if (recorded.kind === 'refused')
    ports.log('WARNING', `${service} ${id}: ${seen.kind} refused: ${recorded.reason}`);
  if (recorded.kind === 'changed') await ports.topics.publish(topicNames.releases, { service, release: id });
}
