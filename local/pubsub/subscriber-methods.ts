import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import { applyFieldMask } from '../core/field-mask.ts';
import { pageOf } from '../core/page.ts';
import type { Methods } from '../core/proto-routes.ts';
import type { ApiRequest } from '../core/room.ts';
import type { Table } from '../core/state.ts';
import { deliveryIdOf } from './ack-id.ts';
import type { Attached, Broker } from './broker.ts';
import { pull } from './pull.ts';
import { deletedTopic, type PushConfig, type Subscription, type Topic } from './resources.ts';
import { checkResourceId, completeSubscription } from './subscription-settings.ts';

/** A subscription's topic, filter and ordering are settled when it is made. */
const mutable = [
  'pushConfig',
  'ackDeadlineSeconds',
  'retainAckedMessages',
  'messageRetentionDuration',
  'labels',
  'expirationPolicy',
  'deadLetterPolicy',
  'retryPolicy',
] as const;

const shortName = (name: string): string => name.split('/').at(-1) ?? '';

/** google.pubsub.v1.Subscriber, but for snapshots, seeking and StreamingPull (which is gRPC only). */
export function subscriberMethods(
  context: Pick<CloudContext, 'clock'>,
  topics: Table<Topic>,
  subscriptions: Table<Subscription>,
  broker: Broker,
): Methods {
  const notFound = (name: string): ApiError =>
    new ApiError('NOT_FOUND', `Resource not found (resource=${shortName(name)}).`);
  const find = (name: string): Attached => {
    const attached = broker.attached(name);
    if (!attached) throw notFound(name);
    return attached;
  };
  const checkTopics = ({ topic, deadLetterPolicy }: Subscription): void => {
    if (topic !== deletedTopic && !topics.get(topic)) throw notFound(topic);
    const deadLetterTopic = deadLetterPolicy?.deadLetterTopic;
    if (deadLetterTopic !== undefined && !topics.get(deadLetterTopic)) throw notFound(deadLetterTopic);
  };
  const save = (settings: Subscription): Subscription => {
    subscriptions.set(settings.name, settings);
    broker.change(settings);
    return settings;
  };
  return {
    CreateSubscription(given: Subscription) {
      checkResourceId(given.name);
      if (broker.attached(given.name))
        throw new ApiError(
          'ALREADY_EXISTS',
          `Resource already exists in the project (resource=${shortName(given.name)}).`,
        );
      const settings = completeSubscription(given);
      checkTopics(settings);
      subscriptions.set(settings.name, settings);
      broker.attach(settings);
      return settings;
    },
    GetSubscription: ({ subscription }: { subscription: string }) => find(subscription).settings,
    ListSubscriptions({ project, ...request }: { project: string; pageSize?: number; pageToken?: string }) {
      const { page, ...next } = pageOf(
        subscriptions.values(`${project}/subscriptions/`),
        ({ name }) => name,
        request,
      );
      return { subscriptions: page, ...next };
    },
    UpdateSubscription({ subscription, updateMask }: { subscription: Subscription; updateMask?: string }) {
      const { settings } = find(subscription.name);
      const changed = completeSubscription(applyFieldMask(settings, subscription, updateMask, mutable));
      checkTopics(changed);
      return save(changed);
    },
    DeleteSubscription({ subscription }: { subscription: string }) {
      find(subscription);
      subscriptions.delete(subscription);
      broker.detach(subscription);
      return {};
    },
    ModifyPushConfig({ subscription, pushConfig = {} }: { subscription: string; pushConfig?: PushConfig }) {
      save(completeSubscription({ ...find(subscription).settings, pushConfig }));
      return {};
    },
    async Pull(
      given: { subscription: string; maxMessages?: number; returnImmediately?: boolean },
      request: ApiRequest,
    ) {
      const { settings, queue, waiters } = find(given.subscription);
      const { maxMessages = 0, returnImmediately = false } = given;
      if (maxMessages < 1) throw new ApiError('INVALID_ARGUMENT', 'max_messages must be at least 1');
      if ((settings.pushConfig?.pushEndpoint ?? '') !== '')
        throw new ApiError('FAILED_PRECONDITION', 'This method is not supported for this subscription type.');
      const wanted = { maxMessages: Math.min(maxMessages, 1000), returnImmediately };
      return {
        receivedMessages: await pull(context.clock, queue, waiters, settings, wanted, request.signal),
      };
    },
    Acknowledge({ subscription, ackIds = [] }: { subscription: string; ackIds?: string[] }) {
      const { queue } = find(subscription);
      if (ackIds.length === 0) throw new ApiError('INVALID_ARGUMENT', 'No ack ids specified.');
      for (const id of ackIds.map(deliveryIdOf)) queue.acknowledge(id);
      return {};
    },
    ModifyAckDeadline(given: { subscription: string; ackIds?: string[]; ackDeadlineSeconds?: number }) {
      const { subscription, ackIds = [], ackDeadlineSeconds = 0 } = given;
      const { queue } = find(subscription);
      if (ackIds.length === 0) throw new ApiError('INVALID_ARGUMENT', 'No ack ids specified.');
      if (ackDeadlineSeconds < 0 || ackDeadlineSeconds > 600)
        throw new ApiError('INVALID_ARGUMENT', `Invalid ack deadline given (${ackDeadlineSeconds})`);
      for (const id of ackIds.map(deliveryIdOf)) {
        if (ackDeadlineSeconds === 0) queue.fail(id);
        else queue.extend(id, ackDeadlineSeconds * 1000);
      }
      return {};
    },
  };
}
