import { setTimeout as delay } from 'node:timers/promises';

/** Asks again until `condition` holds. Throws, with what it was last, after `timeoutMs`. */
export async function until<T>(
  ask: () => Promise<T> | T,
  condition: (value: T) => boolean,
  timeoutMs = 15_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (condition(value)) return value;
    if (performance.now() > end)
      throw new Error(`it still was not so after ${timeoutMs} ms: ${JSON.stringify(value)}`);
    await delay(20);
  }
}
