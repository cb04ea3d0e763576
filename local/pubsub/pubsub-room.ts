import type { CloudContext } from '../core/context.ts';
import type { Publisher } from '../core/links.ts';
import { loadDescriptors, protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { createBroker } from './broker.ts';
import type { Faults } from './fault-plan.ts';
import { faultRoutes } from './fault-routes.ts';
import { createPoster } from './post-message.ts';
import { publisherMethods } from './publisher-methods.ts';
import type { Subscription, Topic } from './resources.ts';
import { subscriberMethods } from './subscriber-methods.ts';

/**
 * Pub/Sub: topics, push and pull subscriptions, retries, dead letters, filters, ordering. At least once: a message is
 * on disk before its publisher hears of it and until its subscription has acknowledged it.
 */
export function createPubSubRoom(
  context: CloudContext,
  options: { faults?: Faults } = {},
): { room: Room; publisher: Publisher } {
  const topics = context.table<Topic>('pubsub', 'topics');
  const subscriptions = context.table<Subscription>('pubsub', 'subscriptions');
  const poster = createPoster();
  const broker = createBroker(context, topics, poster);
  broker.faults = options.faults;
  for (const subscription of subscriptions.values()) broker.attach(subscription);
  const root = loadDescriptors('@google-cloud/pubsub');
  return {
    room: {
      name: 'pubsub',
      routes: [
        ...protoRoutes(root, 'google.pubsub.v1.Publisher', publisherMethods(topics, subscriptions, broker)),
        ...protoRoutes(
          root,
          'google.pubsub.v1.Subscriber',
          subscriberMethods(context, topics, subscriptions, broker),
        ),
        ...protoRoutes(root, 'google.pubsub.v1.SchemaService', {}),
        ...faultRoutes(broker),
      ],
      start() {
        broker.start();
      },
      stop() {
        broker.stop();
        poster.close();
      },
    },
    publisher: {
      publish(topic, { data, attributes = {} }) {
        if (!topics.get(topic)) return;
        broker.publish(topic, [
          {
            ...(data.length > 0 ? { data: data.toString('base64') } : {}),
            ...(Object.keys(attributes).length > 0 ? { attributes: { ...attributes } } : {}),
          },
        ]);
      },
    },
  };
}
