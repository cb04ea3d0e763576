import type { CloudEvent } from '@google-cloud/functions-framework';
import type { Bucket } from './platform/cloud-storage.ts';
import type { Log } from './platform/log.ts';
import { decodeMessage, originOf, type Decoded, type PubSubMessage } from './platform/pubsub-event.ts';
import { objects } from './release/naming.ts';

/**
 * A function for a push subscription. What cannot be read is logged, kept and acknowledged, for it would never be read;
 * whatever else goes wrong is thrown, so that Pub/Sub brings the message again.
 */
export function subscriber<T>(
  ports: {
    readonly bucket: Bucket;
    readonly log: Log;
    now(): Date;
    /** Tells people of an error that nobody else will see. */
    report?(error: Error): void;
  },
  decode: (message: PubSubMessage) => Decoded<T>,
  handle: (hint: T) => Promise<void>,
): (event: CloudEvent<unknown>) => Promise<void> {
  return async (event) => {
    const message = decodeMessage(event);
    const decoded = message.ok ? decode(message.value) : message;
    if (decoded.ok) {
      await handle(decoded.value);
      return;
    }
    const id = message.ok ? message.value.messageId : event.id;
    const { reason } = decoded;
    const origin = originOf(event);
    // `quarantined` is what a log-based metric counts.
    ports.log('ERROR', `message ${id} cannot be read and is put aside: ${reason}`, {
      quarantined: 1,
      messageId: id,
      ...origin,
    });
    ports.report?.(new Error(`a message cannot be read and is put aside: ${reason}`));
    await ports.bucket.write(
      objects.quarantine(id),
      JSON.stringify({ at: ports.now().toISOString(), reason, ...origin, event }, null, 2),
      'application/json',
    );
  };
}
