import { ApiError } from '../core/api-error.ts';
import type { NewMessage } from './broker.ts';

/** https://cloud.google.com/pubsub/quotas#resource_limits */
const limits = {
  messages: 1000,
  requestBytes: 10_000_000,
  attributes: 100,
  attributeKeyBytes: 256,
  attributeValueBytes: 1024,
  orderingKeyBytes: 1024,
};

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/** The messages of a publish request, fit to be stored: data as plain base64, nothing empty. INVALID_ARGUMENT beyond Pub/Sub's limits. */
export function checkMessages(messages: readonly NewMessage[]): NewMessage[] {
  if (messages.length === 0)
    throw invalid(
      'The value for message_count is too small. You passed 0 in the request, but the minimum value is 1.',
    );
  if (messages.length > limits.messages)
    throw invalid(`A publish request has at most ${limits.messages} messages`);
  let totalBytes = 0;
  const checked = messages.map(({ data = '', attributes = {}, orderingKey = '' }): NewMessage => {
    const content = Buffer.from(data, 'base64');
    const pairs = Object.entries(attributes);
    if (content.length === 0 && pairs.length === 0)
      throw invalid(
        'One or more messages in the publish request is empty. Each message must contain either non-empty data, or at least one attribute.',
      );
    if (pairs.length > limits.attributes)
      throw invalid(`A message has at most ${limits.attributes} attributes`);
    for (const [key, value] of pairs) {
      if (key === '' || key.startsWith('goog') || Buffer.byteLength(key) > limits.attributeKeyBytes)
        throw invalid(
          `Invalid attribute key '${key}': 1 to ${limits.attributeKeyBytes} bytes, not starting with 'goog'`,
        );
      if (Buffer.byteLength(value) > limits.attributeValueBytes)
        throw invalid(`The value of attribute '${key}' is longer than ${limits.attributeValueBytes} bytes`);
      totalBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    }
    if (Buffer.byteLength(orderingKey) > limits.orderingKeyBytes)
      throw invalid(`An ordering key has at most ${limits.orderingKeyBytes} bytes`);
    totalBytes += content.length;
    return {
      ...(content.length > 0 ? { data: content.toString('base64') } : {}),
      ...(pairs.length > 0 ? { attributes } : {}),
      ...(orderingKey === '' ? {} : { orderingKey }),
    };
  });
  if (totalBytes > limits.requestBytes)
    throw invalid(`A publish request has at most ${limits.requestBytes} bytes`);
  return checked;
}
