import { ApiError } from '../core/api-error.ts';

/**
 * An acknowledgement id says which message it is for, so that it still holds when the local cloud has been restarted
 * between the pull and the acknowledgement.
 */
export const ackIdOf = (deliveryId: string): string => Buffer.from(`ack:${deliveryId}`).toString('base64url');

/** INVALID_ARGUMENT for what no pull has ever given out. */
export function deliveryIdOf(ackId: string): string {
  const text = Buffer.from(ackId, 'base64url').toString('utf8');
  if (!text.startsWith('ack:') || ackIdOf(text.slice(4)) !== ackId)
    throw new ApiError('INVALID_ARGUMENT', 'You have passed an invalid ack ID to the service');
  return text.slice(4);
}
