import type { CloudEvent } from '@google-cloud/functions-framework';
import { z } from 'zod';

/** `google.cloud.pubsub.topic.v1.messagePublished`, as the Functions Framework hands a push on. */
export interface PubSubMessage {
  readonly messageId: string;
  /** RFC 3339. */
  readonly publishTime: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The data, decoded from base64. */
  readonly text: string;
}

const published = z.object({
  message: z.object({
    data: z.string().default(''),
    messageId: z.string(),
    publishTime: z.string().default(''),
    attributes: z.record(z.string(), z.string()).nullish(),
  }),
});

/** Where an event came from, as far as it says so. */
export interface Origin {
  /** `projects/p/topics/t` */
  readonly topic?: string;
  /** `projects/p/subscriptions/s`; not every way to a function keeps it. */
  readonly subscription?: string;
}

export function originOf({ source, data }: { source?: unknown; data?: unknown }): Origin {
  const topic = typeof source === 'string' ? /projects\/[^/]+\/topics\/[^/?]+/.exec(source)?.[0] : undefined;
  const from = z.object({ subscription: z.string() }).safeParse(data);
  return {
    ...(topic === undefined ? {} : { topic }),
    ...(from.success ? { subscription: from.data.subscription } : {}),
  };
}

export type Decoded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function decodeMessage(event: CloudEvent<unknown>): Decoded<PubSubMessage> {
  const parsed = published.safeParse(event.data);
  if (!parsed.success) return { ok: false, reason: `no Pub/Sub message: ${z.prettifyError(parsed.error)}` };
  const { data, messageId, publishTime, attributes } = parsed.data.message;
  return {
    ok: true,
    value: {
      messageId,
      publishTime,
      attributes: attributes ?? {},
      text: Buffer.from(data, 'base64').toString('utf8'),
    },
  };
}

/** The message's JSON read by `schema`. */
export function decodeJson<T>(message: PubSubMessage, schema: z.ZodType<T>): Decoded<T> {
  let json: unknown;
  try {
    json = JSON.parse(message.text);
  } catch (error) {
    return { ok: false, reason: `the data is no JSON: ${(error as Error).message}` };
  }
  const parsed = schema.safeParse(json);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : { ok: false, reason: z.prettifyError(parsed.error) };
}
