import type { CloudContext } from '../core/context.ts';
import { createDeliveryQueue, type DeliveryQueue, type StoredDelivery } from './delivery-queue.ts';
import { durationMs } from './durations.ts';
import { createFaultPlanner, noFaults, type Faults } from './fault-plan.ts';
import { compileFilter, type MessageFilter } from './filter.ts';
import { createMessageIds } from './message-ids.ts';
import type { Poster } from './post-message.ts';
import { createPullWaiters, type PullWaiters } from './pull.ts';
import { createPushLoop, type PushLoop } from './push-loop.ts';
import type { PubsubMessage, Subscription, Topic } from './resources.ts';
import { retryDelayMs } from './retry-delay.ts';

export type NewMessage = Pick<PubsubMessage, 'data' | 'attributes' | 'orderingKey'>;

/** A subscription at work. */
export interface Attached {
  settings: Subscription;
  readonly filter: MessageFilter;
  readonly queue: DeliveryQueue;
  readonly waiters: PullWaiters;
  readonly pushes: PushLoop;
}

/** Carries messages from topics to subscriptions. Resources are looked after by the methods of the API. */
export interface Broker {
  /** Stores the messages for every subscription of the topic and sets them on their way; their ids in order. */
  publish(topic: string, messages: readonly NewMessage[]): string[];
  attach(settings: Subscription): void;
  attached(subscription: string): Attached | undefined;
  /** Takes over changed settings. */
  change(settings: Subscription): void;
  /** Ends deliveries and forgets the messages. */
  detach(subscription: string): void;
  faults: Faults | undefined;
  start(): void;
  stop(): void;
}

const isPush = ({ pushConfig }: Subscription): boolean => (pushConfig?.pushEndpoint ?? '') !== '';

export function createBroker(
  context: Pick<CloudContext, 'clock' | 'identity' | 'log' | 'table'>,
  topics: { get(name: string): Topic | undefined },
  poster: Poster,
): Broker {
  const { clock } = context;
  const deliveries = context.table<StoredDelivery>('pubsub', 'deliveries');
  const newest = deliveries
    .values()
    .reduce((max, { message }) => (message.messageId > max ? message.messageId : max), '0');
  const nextMessageId = createMessageIds(clock, newest);
  const all = new Map<string, Attached>();
  let started = false;
  let faults: Faults | undefined;
  let plan: ReturnType<typeof createFaultPlanner> | undefined;

  const publish = (topic: string, messages: readonly NewMessage[]): string[] => {
    const receivers = [...all.values()].filter(({ settings }) => settings.topic === topic);
    const publishTime = new Date(clock.now()).toISOString();
    return messages.map((given) => {
      const message: PubsubMessage = { ...given, messageId: nextMessageId(), publishTime };
      for (const { settings, filter, queue } of receivers) {
        if (!filter(message.attributes ?? {})) continue;
        queue.add(message, isPush(settings) && plan ? plan(settings.name, message) : noFaults);
      }
      return message.messageId;
    });
  };

  const deadLetter = (settings: Subscription, message: PubsubMessage, failedAttempts: number): boolean => {
    const { deadLetterTopic, maxDeliveryAttempts = 5 } = settings.deadLetterPolicy ?? {};
    if (deadLetterTopic === undefined || failedAttempts < maxDeliveryAttempts) return false;
    if (!topics.get(deadLetterTopic)) return false;
    const { data, orderingKey, publishTime, attributes } = message;
    const [, project = '', , subscription = ''] = settings.name.split('/');
    context.log(
      'warning',
      `${settings.name}: message ${message.messageId} goes to ${deadLetterTopic} after ${failedAttempts} failed deliveries`,
    );
    publish(deadLetterTopic, [
      {
        ...(data === undefined ? {} : { data }),
        ...(orderingKey === undefined ? {} : { orderingKey }),
        attributes: {
          ...attributes,
          CloudPubSubDeadLetterSourceDeliveryCount: String(failedAttempts),
          CloudPubSubDeadLetterSourceSubscription: subscription,
          CloudPubSubDeadLetterSourceSubscriptionProject: project,
          CloudPubSubDeadLetterSourceTopicPublishTime: publishTime,
        },
      },
    ]);
    return true;
  };

  return {
    publish,
    attach(given) {
      const current = { settings: given };
      const waiters = createPullWaiters();
      const queue = createDeliveryQueue({
        clock,
        table: deliveries,
        subscription: given.name,
        ordered: given.enableMessageOrdering ?? false,
        retentionMs: () =>
          durationMs(current.settings.messageRetentionDuration ?? '604800s', 'message_retention_duration'),
        // Pushes back off by themselves; whoever pulls gets a message that was not taken at once, unless a policy says
        // otherwise. https://cloud.google.com/pubsub/docs/handling-failures#immediate_redelivery
        retryDelayMs: (failedAttempts) =>
          isPush(current.settings) || current.settings.retryPolicy
            ? retryDelayMs(current.settings.retryPolicy, failedAttempts)
            : 0,
        deadLetter: (message, failedAttempts) => deadLetter(current.settings, message, failedAttempts),
        onReady() {
          waiters.wake();
          if (started) pushes.pump();
        },
      });
      const pushes = createPushLoop(context, poster, queue, () => current.settings);
      const filter = compileFilter(given.filter ?? '');
      all.set(given.name, Object.assign(current, { filter, queue, waiters, pushes }));
    },
    attached: (name) => all.get(name),
    change(settings) {
      const attached = all.get(settings.name);
      if (!attached) return;
      attached.settings = settings;
      if (started) attached.pushes.pump();
    },
    detach(name) {
      const attached = all.get(name);
      all.delete(name);
      attached?.pushes.stop();
      attached?.queue.clear();
      attached?.waiters.wake();
    },
    get faults() {
      return faults;
    },
    set faults(next) {
      faults = next;
      plan = next && createFaultPlanner(next);
    },
    start() {
      started = true;
      for (const { pushes } of all.values()) pushes.pump();
    },
    stop() {
      started = false;
      for (const { pushes, queue } of all.values()) {
        pushes.stop();
        queue.close();
      }
    },
  };
}
