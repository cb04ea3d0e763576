import { z } from 'zod';
import { createRandom, type Random } from '../core/random.ts';
import type { PubsubMessage } from './resources.ts';

const probability = z.number().min(0).max(1);

/**
 * What `PUT /local/pubsub/faults` takes: how deliveries to push subscriptions go wrong, each with a probability, all
 * drawn from one seed. `delayMs` holds every message back for a time between its two bounds.
 */
export const faultSettingsSchema = z.strictObject({
  seed: z.int(),
  duplicate: probability.optional(),
  delayMs: z
    .tuple([z.number().min(0), z.number().min(0)])
    .refine(([min, max]) => min <= max, { message: 'the first bound is above the second' })
    .optional(),
  reorder: probability.optional(),
  drop: probability.optional(),
});

export interface Faults extends z.infer<typeof faultSettingsSchema> {
  /** Drops the messages it picks, whatever `drop` says: to lose one certain event. */
  readonly dropMatching?: ((subscription: string, message: PubsubMessage) => boolean) | undefined;
}

/** What happens to one message on its way to one subscription. */
export interface FaultPlan {
  readonly drop: boolean;
  /** The message is delivered this many times, at least; more is redelivery. */
  readonly copies: 1 | 2;
  readonly delayMs: number;
  /** The message waits until a later one has been delivered. */
  readonly overtaken: boolean;
}

export const noFaults: FaultPlan = { drop: false, copies: 1, delayMs: 0, overtaken: false };

/**
 * Plans faults message by message. The n-th message of a subscription always meets the same fate under the same seed,
 * however deliveries interleave: every subscription has a stream of its own, and every message takes four draws.
 */
export function createFaultPlanner(
  faults: Faults,
): (subscription: string, message: PubsubMessage) => FaultPlan {
  const streams = new Map<string, Random>();
  return (subscription, message) => {
    const random = streams.get(subscription) ?? createRandom(faults.seed, subscription);
    streams.set(subscription, random);
    const [drop, duplicate, delay, reorder] = [random(), random(), random(), random()];
    const [minimumMs, maximumMs] = faults.delayMs ?? [0, 0];
    return {
      drop: drop < (faults.drop ?? 0) || (faults.dropMatching?.(subscription, message) ?? false),
      copies: duplicate < (faults.duplicate ?? 0) ? 2 : 1,
      delayMs: Math.round(minimumMs + delay * (maximumMs - minimumMs)),
      overtaken: reorder < (faults.reorder ?? 0),
    };
  };
}
