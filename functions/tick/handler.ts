import type { Topics } from '../platform/pubsub.ts';
import type { Ledger } from '../release/ledger.ts';
import { activeRelease, topics as topicNames } from '../release/naming.ts';

export interface TickPorts {
  readonly ledger: Ledger;
  readonly topics: Topics;
}

/** Has everybody look again at every release that is under way: a lost message costs one tick, not a release. */
export async function handleTick({ ledger, topics }: TickPorts): Promise<void> {
  for (const marker of await ledger.active()) {
    const key = activeRelease(marker);
    if (key)
      await topics.publish(
        topicNames.releases,
        { service: key.service, release: key.id },
        { reason: 'tick' },
      );
  }
}
