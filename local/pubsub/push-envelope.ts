import type { Delivery } from './delivery-queue.ts';
import type { Subscription } from './resources.ts';

/** The body of a push, with both spellings of the two names that Pub/Sub writes twice. */
export function pushEnvelope(
  { name, deadLetterPolicy }: Subscription,
  { message, attempt }: Delivery,
): object {
  const { data, attributes, messageId, publishTime, orderingKey } = message;
  return {
    message: {
      ...(attributes === undefined ? {} : { attributes }),
      ...(data === undefined ? {} : { data }),
      messageId,
      message_id: messageId,
      ...(orderingKey === undefined ? {} : { orderingKey }),
      publishTime,
      publish_time: publishTime,
    },
    subscription: name,
    ...(deadLetterPolicy ? { deliveryAttempt: attempt } : {}),
  };
}
