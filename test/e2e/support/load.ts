import { setTimeout as sleep } from 'node:timers/promises';

export interface Answered {
  readonly status: number;
  readonly revision: string;
}

/** Asks an address again and again, and keeps every distinct answer with its number. */
export function watchAddress(
  url: string,
  everyMs = 100,
): { readonly stop: () => Promise<Map<string, number>> } {
  const stopping = new AbortController();
  const answers = new Map<string, number>();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) })
        .then(async (response) => {
          await response.arrayBuffer();
          return `${response.status} ${response.headers.get('x-revision') ?? 'nobody'}`;
        })
        .catch((error: unknown) => `failed: ${String(error)}`);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
      return answers;
    },
  };
}
