import { setTimeout } from 'node:timers/promises';

/** Resolves once `condition` holds; fails with `what` when it does not within `withinMs` of real time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const giveUpAt = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > giveUpAt) throw new Error(`gave up after ${withinMs} ms: ${what}`);
    await setTimeout(2);
  }
}
