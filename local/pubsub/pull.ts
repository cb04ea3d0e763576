import type { Clock } from '../core/clock.ts';
import { sleep } from '../core/clock.ts';
import { ackIdOf } from './ack-id.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { PubsubMessage, Subscription } from './resources.ts';

const longPollMs = 10_000;

export interface ReceivedMessage {
  ackId: string;
  message: PubsubMessage;
  deliveryAttempt?: number;
}

/** The pulls that wait for a message. */
export interface PullWaiters {
  wake(): void;
  wait(clock: Clock, timeoutMs: number, signal: AbortSignal): Promise<void>;
}

export function createPullWaiters(): PullWaiters {
  const waiting = new Set<AbortController>();
  return {
    wake() {
      for (const waiter of waiting) waiter.abort();
    },
    async wait(clock, timeoutMs, signal) {
      const waiter = new AbortController();
      waiting.add(waiter);
      await sleep(clock, timeoutMs, AbortSignal.any([signal, waiter.signal]));
      waiting.delete(waiter);
    },
  };
}

/** Leases up to `maxMessages` messages; waits up to ten seconds for the first one unless told to return at once. */
export async function pull(
  clock: Clock,
  queue: DeliveryQueue,
  waiters: PullWaiters,
  subscription: Subscription,
  { maxMessages, returnImmediately }: { maxMessages: number; returnImmediately: boolean },
  signal: AbortSignal,
): Promise<ReceivedMessage[]> {
  const until = clock.now() + longPollMs;
  const leaseMs = (subscription.ackDeadlineSeconds ?? 10) * 1000;
  const received: ReceivedMessage[] = [];
  for (;;) {
    // A client that has gone away must not take messages along.
    if (signal.aborted) return received;
    while (received.length < maxMessages) {
      const delivery = queue.take(leaseMs);
      if (!delivery) break;
      const { id, message, attempt } = delivery;
      received.push({
        ackId: ackIdOf(id),
        message,
        ...(subscription.deadLetterPolicy ? { deliveryAttempt: attempt } : {}),
      });
    }
    const leftMs = until - clock.now();
    if (received.length > 0 || returnImmediately || leftMs <= 0) return received;
    await waiters.wait(clock, leftMs, signal);
  }
}
