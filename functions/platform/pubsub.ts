import type { v1 as pubsub } from '@google-cloud/pubsub';
import type { GoogleApi } from './google-api.ts';
import { askAgain } from './retries.ts';

export interface Topics {
  /** Resolves once Pub/Sub has the message. */
  publish(topic: string, payload: unknown, attributes?: Readonly<Record<string, string>>): Promise<void>;
}

export function openTopics(api: GoogleApi, project: string): Topics {
  let client: Promise<pubsub.PublisherClient> | undefined;
  // Loaded at the first use: most events need no message sent, and a cold start pays for every client it loads.
  const connect = (): Promise<pubsub.PublisherClient> =>
    (client ??= import('@google-cloud/pubsub').then(({ v1 }) => new v1.PublisherClient(api.clientOptions)));
  return {
    async publish(topic, payload, attributes = {}) {
      const publisher = await connect();
      const messages = [{ data: Buffer.from(JSON.stringify(payload)), attributes: { ...attributes } }];
      // Sent twice is what subscribers must take anyway: delivery is at least once.
      await publisher.publish({ topic: `projects/${project}/topics/${topic}`, messages }, askAgain);
    },
  };
}
