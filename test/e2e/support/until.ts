import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Looks again and again until `done` says so; fails with what was seen last. A look that fails is none: the cloud may be
 * starting, or be told to misbehave.
 */
export async function until<T, Wanted extends T>(
  what: string,
  look: () => Promise<T>,
  done: (seen: T) => seen is Wanted,
  timeoutSeconds = 60,
): Promise<Wanted> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const last = await look().then(
      (seen) => ({ seen }),
      (error: unknown) => ({ error }),
    );
    if ('seen' in last && done(last.seen)) return last.seen;
    if (Date.now() > deadline) {
      const cause = 'error' in last ? last.error : undefined;
      const told = 'seen' in last ? JSON.stringify(last.seen, null, 1) : String(last.error);
      throw new Error(`${what}: not within ${timeoutSeconds} s; last seen: ${told}`, { cause });
    }
    await sleep(100);
  }
}
