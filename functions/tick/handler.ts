import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { activeRelease, topics as topicNames } from '../release/naming.ts';

export interface TickPorts {
  readonly ledger: Ledger;
  readonly topics: Topics;
}

/**
 * Has everybody look again at every release that is under way, and at what each service serves: a lost message costs one
 * tick, not a release, and what somebody changes beside us does not stay unseen.
 */
export async function handleTick({ ledger, topics }: TickPorts): Promise<void> {
  const publish = (hint: object): Promise<void> =>
    topics.publish(topicNames.releases, hint, { reason: 'tick' });
  for (const service of await ledger.services()) await publish({ service });
  for (const marker of await ledger.active()) {
    const key = activeRelease(marker);
    if (key) await publish({ service: key.service, release: key.id });
  }
}
