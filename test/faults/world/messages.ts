import type { CloudEvent } from '@google-cloud/functions-framework';
import { topics as topicNames } from '../../../functions/release/naming.ts';
import type { Topics } from '../../../functions/platform/pubsub.ts';
import type { FunctionName } from '../../../scripts/setup/functions.ts';
import { hash, type Dice } from './dice.ts';
import type { Faults } from './faults.ts';
import type { Invocation, Outcome } from './processes.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Runs a function with an event; `ended` hears of it once. */
export type Deliver<Target extends string = FunctionName> = (
  target: Target,
  key: string,
  event: CloudEvent<unknown>,
  ended: (outcome: Outcome) => void,
) => void;

export interface Messages {
  topics(invocation: Invocation): Topics;
  /** What the platform itself publishes: nobody waits for the answer. `data` as it is, JSON or not. */
  publish(topic: string, data: string): void;
  readonly published: number;
  readonly deliveries: number;
  readonly deadLetters: readonly string[];
  /** Deliveries that are under way or will be made. */
  readonly pending: number;
}

/* As scripts/setup/messaging.ts sets them. */
const ackDeadlineMs = 600_000;
const minimumBackoffMs = 1_000;
const maximumBackoffMs = 600_000;
const maxDeliveryAttempts = 20;

interface Message {
  readonly id: string;
  readonly key: string;
  readonly topic: string;
  readonly data: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly publishTime: string;
}

const eventOf = ({ id, topic, data, attributes, publishTime }: Message): CloudEvent<unknown> => ({
  specversion: '1.0',
  id,
  type: 'google.cloud.pubsub.topic.v1.messagePublished',
  source: `//pubsub.googleapis.com/projects/p/topics/${topic}`,
  time: publishTime,
  datacontenttype: 'application/json',
  data: { message: { messageId: id, publishTime, attributes, data: Buffer.from(data).toString('base64') } },
});

const known: ReadonlySet<string> = new Set(Object.values(topicNames));

/** Enough of the data to tell messages apart by it. */
const inShort = (data: string): string =>
  data
    .replace(/,"name":"[^"]*"/, '')
    .replace(/([0-9a-f]{8})-[0-9a-f-]{27}/g, '$1')
    .replace(/resource|labels|service_name|revision_name|service|release|status|slipway-tick|[{}"]/g, '')
    .replace(/:+/g, ':');

/** At least once, in no order: late, twice, again after an error or a deadline, and in the end put aside. */
export function createMessages<Target extends string>(
  clock: VirtualClock,
  dice: Dice,
  faults: Faults,
  trace: Trace,
  deliver: Deliver<Target>,
  subscriptions: readonly { readonly topic: string; readonly target: Target }[],
): Messages {
  const occurrences = new Map<string, number>();
  const deadLetters: string[] = [];
  let published = 0;
  let deliveries = 0;
  let pending = 0;

  const attempt = (target: Target, message: Message, copy: number, number: number): void => {
    deliveries += 1;
    const key = `${target}<${message.key}${copy > 0 ? ` copy ${copy}` : ''}${number > 1 ? ` attempt ${number}` : ''}`;
    trace(`▸ ${key}`);
    deliver(target, key, eventOf(message), (outcome) => {
      pending -= 1;
      if (outcome.kind === 'done') return;
      if (outcome.kind === 'failed')
        trace(`◂ ${key} throws ${outcome.error instanceof Error ? outcome.error.message : 'something'}`);
      if (number >= maxDeliveryAttempts) {
        deadLetters.push(`${target} ${message.data}`);
        trace(`✗ ${key} is given up`);
        return;
      }
      const backoff = Math.min(minimumBackoffMs * 2 ** (number - 1), maximumBackoffMs);
      const unnoticed = outcome.kind === 'crashed' && !outcome.noticed;
      const delay = unnoticed ? ackDeadlineMs : backoff * dice.between(`backoff ${key}`, 1, 1.3);
      pending += 1;
      clock.after(delay, () => {
        attempt(target, message, copy, number + 1);
      });
    });
  };

  const send = (target: Target, message: Message, copy: number): void => {
    const key = `${target}<${message.key} copy ${copy}`;
    if (faults.draw(`delivery ${key}`, ['lost'])) {
      trace(`✗ ${key} is lost`);
      return;
    }
    const late = faults.draw(`delay ${key}`, ['late']);
    const delay = late ? dice.between(`late ${key}`, 5_000, 240_000) : dice.between(`delay ${key}`, 5, 400);
    pending += 1;
    clock.after(delay, () => {
      attempt(target, message, copy, 1);
    });
  };

  const accept = (topic: string, data: string, attributes: Readonly<Record<string, string>>): void => {
    if (!known.has(topic)) throw new Error(`5 NOT_FOUND: there is no topic ${topic}`);
    published += 1;
    const content = `${topic} ${inShort(data)}`;
    const occurrence = (occurrences.get(content) ?? 0) + 1;
    occurrences.set(content, occurrence);
    const key = `${content}#${occurrence}`;
    const publishTime = new Date(clock.now()).toISOString();
    const message: Message = { id: String(hash(key)), key, topic, data, attributes, publishTime };
    for (const { topic: listened, target } of subscriptions) {
      if (listened !== topic) continue;
      send(target, message, 0);
      if (faults.draw(`copies ${target}<${key}`, ['duplicate'])) send(target, message, 1);
    }
  };

  return {
    get published() {
      return published;
    },
    get deliveries() {
      return deliveries;
    },
    get pending() {
      return pending;
    },
    deadLetters,
    publish: (topic, data) => {
      accept(topic, data, {});
    },
    topics: (invocation) => ({
      publish: (topic, payload, attributes = {}) =>
        invocation.call(`publish ${topic}`, () => {
          accept(topic, JSON.stringify(payload), attributes);
        }),
    }),
  };
}
