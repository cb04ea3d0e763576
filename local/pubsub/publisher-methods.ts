import { ApiError } from '../core/api-error.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import { pageOf } from '../core/page.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { Table } from '../core/state.ts';
import type { Broker, NewMessage } from './broker.ts';
import { checkMessages } from './check-messages.ts';
import { deletedTopic, type Subscription, type Topic } from './resources.ts';
import { checkResourceId, refuseUnsupported } from './subscription-settings.ts';

interface PageRequest {
  pageSize?: number;
  pageToken?: string;
}

/** google.pubsub.v1.Publisher. */
export function publisherMethods(
  topics: Table<Topic>,
  subscriptions: Table<Subscription>,
  broker: Broker,
): Methods {
  const find = (name: string): Topic => {
    const topic = topics.get(name);
    if (!topic)
      throw new ApiError('NOT_FOUND', `Resource not found (resource=${name.split('/').at(-1) ?? ''}).`);
    return topic;
  };
  return {
    CreateTopic(given: Topic) {
      const { name, labels = {}, messageRetentionDuration } = given;
      checkResourceId(name);
      refuseUnsupported(given);
      if (topics.get(name))
        throw new ApiError(
          'ALREADY_EXISTS',
          `Resource already exists in the project (resource=${name.split('/').at(-1) ?? ''}).`,
        );
      const topic: Topic = {
        name,
        ...(Object.keys(labels).length > 0 ? { labels } : {}),
        ...(messageRetentionDuration === undefined ? {} : { messageRetentionDuration }),
      };
      topics.set(name, topic);
      return topic;
    },
    GetTopic: ({ topic }: { topic: string }) => find(topic),
    ListTopics({ project, ...request }: { project: string } & PageRequest) {
      const { page, ...next } = pageOf(topics.values(`${project}/topics/`), ({ name }) => name, request);
      return { topics: page, ...next };
    },
    UpdateTopic({ topic, updateMask }: { topic: Topic; updateMask?: string }) {
      refuseUnsupported(topic);
      const changed = applyFieldMask(find(topic.name), topic, updateMask, [
        'labels',
        'messageRetentionDuration',
      ]);
      topics.set(topic.name, changed);
      return changed;
    },
    DeleteTopic({ topic }: { topic: string }) {
      find(topic);
      topics.delete(topic);
      // Its subscriptions live on without a topic, with the messages that they still have.
      for (const subscription of subscriptions.values()) {
        if (subscription.topic !== topic) continue;
        const orphan = { ...subscription, topic: deletedTopic };
        subscriptions.set(orphan.name, orphan);
        broker.change(orphan);
      }
      return {};
    },
    ListTopicSubscriptions({ topic, ...request }: { topic: string } & PageRequest) {
      find(topic);
      const names = subscriptions
        .values()
        .flatMap((subscription) => (subscription.topic === topic ? [subscription.name] : []));
      const { page, ...next } = pageOf(names, (name) => name, request);
      return { subscriptions: page, ...next };
    },
    Publish({ topic, messages = [] }: { topic: string; messages?: NewMessage[] }) {
      find(topic);
      return { messageIds: broker.publish(topic, checkMessages(messages)) };
    },
  };
}
