import { z } from 'zod';
import { originOf } from '../../functions/platform/pubsub-event.ts';

/** A message that nobody works on any more, and what it takes to put it back. */
export interface ParkedMessage {
  readonly id: string;
  readonly where: 'dead letters' | 'quarantine';
  /** RFC 3339; empty when it does not say. */
  readonly at: string;
  readonly why: string;
  /** `projects/p/topics/t`, where it goes when it is put back; undefined: nothing says where it came from. */
  readonly topic: string | undefined;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

/** Attributes that Pub/Sub adds to a dead letter. https://cloud.google.com/pubsub/docs/handling-failures#track_delivery_attempts */
const mark = 'CloudPubSubDeadLetterSource';

export interface DeadLetter {
  readonly messageId: string;
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly orderingKey: string;
}

/** The subscription, in full, that has given a message up. */
export function sourceSubscription({ attributes }: Pick<DeadLetter, 'attributes'>): string | undefined {
  const subscription = attributes[`${mark}Subscription`];
  const project = attributes[`${mark}SubscriptionProject`];
  return subscription === undefined || project === undefined
    ? undefined
    : `projects/${project}/subscriptions/${subscription}`;
}

/** A dead letter as it was before it became one. `topic` is what its subscription listens to. */
export function fromDeadLetter(
  { messageId, data, attributes, orderingKey }: DeadLetter,
  topic: string | undefined,
): ParkedMessage {
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith(mark));
  const subscription = sourceSubscription({ attributes })?.split('/').at(-1);
  return {
    id: messageId,
    where: 'dead letters',
    at: attributes[`${mark}TopicPublishTime`] ?? '',
    why:
      subscription === undefined
        ? 'it does not say where it came from'
        : `${subscription} did not take it in ${attributes[`${mark}DeliveryCount`] ?? 'several'} deliveries${topic === undefined ? ', and is no more' : ''}`,
    topic,
    data,
    attributes: Object.fromEntries(own),
    orderingKey,
  };
}

const quarantined = z.object({
  at: z.string().optional(),
  reason: z.string(),
  topic: z.string().optional(),
  event: z.looseObject({ time: z.string().optional(), source: z.string().optional() }),
});

/** The message in the event that was put aside, as Pub/Sub would take it again. */
const withMessage = z.object({
  data: z.object({
    message: z.object({
      data: z.string().default(''),
      attributes: z.record(z.string(), z.string()).nullish(),
      orderingKey: z.string().default(''),
    }),
  }),
});

/** What a function put aside under `quarantine/<id>.json`. */
export function fromQuarantine(id: string, text: string): ParkedMessage {
  const parsed = quarantined.safeParse(readJson(text));
  const event = parsed.data?.event ?? {};
  const message = withMessage.safeParse(event).data?.data.message;
  return {
    id,
    where: 'quarantine',
    at: parsed.data?.at ?? parsed.data?.event.time ?? '',
    why: parsed.data?.reason ?? 'what was put aside cannot be read',
    // Without a message in it there is nothing to put back.
    topic: message && (parsed.data?.topic ?? originOf(event).topic),
    data: Buffer.from(message?.data ?? '', 'base64'),
    attributes: message?.attributes ?? {},
    orderingKey: message?.orderingKey ?? '',
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
