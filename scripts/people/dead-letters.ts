import { v1 } from '@google-cloud/pubsub';
import type { Bucket } from '../../functions/platform/cloud-storage.ts';
import type { GoogleApi } from '../../functions/platform/google-api.ts';
import { askAgain } from '../../functions/platform/retries.ts';
import { objects, topics } from '../../functions/release/naming.ts';
import { UserError } from '../cli/user-error.ts';
import { fromDeadLetter, fromQuarantine, sourceSubscription, type ParkedMessage } from './parked-message.ts';

/** What lies where nobody works on it: messages given up by Pub/Sub, and messages that no function could read. */
export interface ParkedMessages {
  /** Takes hold of the dead letters, so that nobody else gets them until `close`. */
  list(): Promise<ParkedMessage[]>;
  /** Publishes it where it came from, and only then takes it away: a crash in between doubles it. */
  putBack(message: ParkedMessage): Promise<void>;
  /** Takes it away for good. */
  discard(message: ParkedMessage): Promise<void>;
  /** Gives back what is still held. */
  close(): Promise<void>;
}

/** As many as are looked at in one go; more than that is no case for looking at each. */
const most = 1000;
const batch = 100;
/** The longest that Pub/Sub lets a message be held. */
const holdSeconds = 600;
/** One empty answer does not mean that there is nothing: a pull asks some of the servers only. */
const emptyAnswers = 2;

const quarantineFolder = 'quarantine/';
const notFound: readonly unknown[] = [5, 404];

interface Held {
  readonly ackId: string;
  readonly message: ParkedMessage;
}

export function openParkedMessages(api: GoogleApi, bucket: Bucket, project: string): ParkedMessages {
  const subscriber = new v1.SubscriberClient(api.clientOptions);
  const publisher = new v1.PublisherClient(api.clientOptions);
  const subscription = `projects/${project}/subscriptions/${topics.deadLetters}`;
  const held = new Map<string, Held>();
  const generations = new Map<string, string>();
  const topicsBySubscription = new Map<string, string | undefined>();

  /** Undefined when the subscription or its topic is no more. */
  const topicOf = async (name: string | undefined): Promise<string | undefined> => {
    if (name === undefined) return undefined;
    if (!topicsBySubscription.has(name)) {
      const topic = await subscriber.getSubscription({ subscription: name }, askAgain).then(
        ([found]) => found.topic ?? undefined,
        (error: unknown) => {
          if (notFound.includes((error as { code?: unknown }).code)) return undefined;
          throw error;
        },
      );
      topicsBySubscription.set(name, topic === '_deleted-topic_' ? undefined : topic);
    }
    return topicsBySubscription.get(name);
  };

  const pullAll = async (): Promise<void> => {
    for (let empty = 0; empty < emptyAnswers && held.size < most;) {
      // Without returning at once, the last pull would wait for a message that does not come.
      const [{ receivedMessages }] = await subscriber
        .pull({ subscription, maxMessages: batch, returnImmediately: true }, askAgain)
        .catch((cause: unknown) => {
          if (!notFound.includes((cause as { code?: unknown }).code)) throw cause;
          throw new UserError(`there is no subscription ${subscription}; npm run setup makes it`, { cause });
        });
      const received = (receivedMessages ?? []).filter(({ message }) => message);
      empty = received.length === 0 ? empty + 1 : 0;
      if (received.length === 0) continue;
      await subscriber.modifyAckDeadline({
        subscription,
        ackIds: received.map(({ ackId }) => ackId ?? ''),
        ackDeadlineSeconds: holdSeconds,
      });
      for (const { ackId, message } of received) {
        const letter = {
          messageId: message?.messageId ?? '',
          data: Buffer.from(message?.data ?? ''),
          attributes: message?.attributes ?? {},
          orderingKey: message?.orderingKey ?? '',
        };
        const parked = fromDeadLetter(letter, await topicOf(sourceSubscription(letter)));
        held.set(parked.id, { ackId: ackId ?? '', message: parked });
      }
    }
  };

  const readQuarantine = async (): Promise<ParkedMessage[]> => {
    const names = await bucket.list(quarantineFolder);
    const found = await Promise.all(
      names.slice(0, most).map(async (name) => {
        const stored = await bucket.read(name);
        if (!stored) return [];
        const id = name.slice(quarantineFolder.length).replace(/\.json$/, '');
        generations.set(id, stored.generation);
        return [fromQuarantine(id, stored.text)];
      }),
    );
    return found.flat();
  };

  const discard = async ({ where, id }: ParkedMessage): Promise<void> => {
    if (where === 'quarantine') {
      await bucket.remove(objects.quarantine(id), generations.get(id));
      return;
    }
    const letter = held.get(id);
    if (!letter) return;
    await subscriber.acknowledge({ subscription, ackIds: [letter.ackId] }, askAgain);
    held.delete(id);
  };

  return {
    async list() {
      await pullAll();
      return [...[...held.values()].map(({ message }) => message), ...(await readQuarantine())];
    },
    async putBack(message) {
      const { topic, data, attributes, orderingKey } = message;
      if (topic === undefined) throw new UserError(`nothing says which topic ${message.id} came from`);
      await publisher.publish(
        { topic, messages: [{ data, attributes, ...(orderingKey === '' ? {} : { orderingKey }) }] },
        askAgain,
      );
      await discard(message);
    },
    discard,
    async close() {
      const ackIds = [...held.values()].map(({ ackId }) => ackId);
      held.clear();
      try {
        for (let from = 0; from < ackIds.length; from += batch)
          await subscriber.modifyAckDeadline({
            subscription,
            ackIds: ackIds.slice(from, from + batch),
            ackDeadlineSeconds: 0,
          });
      } finally {
        await Promise.all([subscriber.close(), publisher.close()]);
      }
    },
  };
}

/** How many lie there; at most a thousand of each are counted. */
export async function countWaiting(
  api: GoogleApi,
  bucket: Bucket,
  project: string,
): Promise<{ readonly deadLetters: number; readonly quarantined: number }> {
  const parked = openParkedMessages(api, bucket, project);
  try {
    const all = await parked.list();
    const deadLetters = all.filter(({ where }) => where === 'dead letters').length;
    return { deadLetters, quarantined: all.length - deadLetters };
  } finally {
    await parked.close();
  }
}
