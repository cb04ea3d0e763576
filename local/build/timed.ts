import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';

/** What an action gives, and its time span by the local cloud's clock. */
export async function timed<T>(
  context: CloudContext,
  action: () => Promise<T>,
): Promise<{ result: T; span: { startTime: string; endTime: string } }> {
  const startTime = timestamp(context.clock);
  const result = await action();
  return { result, span: { startTime, endTime: timestamp(context.clock) } };
}
