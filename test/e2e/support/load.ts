import { setTimeout as sleep } from 'node:timers/promises';

/** Every distinct answer with its number: `200 api-abc`. */
export type Answers = Map<string, number>;

export interface Load {
  /** The answers so far. */
  readonly answers: Answers;
  /** Resolves when the last answer is there. */
  stop(): Promise<Answers>;
}

/** Asks an address `perSecond` times a second, whether it answers or not, as users do. */
export function loadAddress(url: string, perSecond: number): Load {
  const stopping = new AbortController();
  const answers: Answers = new Map();
  const ask = async (): Promise<void> => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(15_000) })
      .then(async (response) => {
        await response.arrayBuffer();
        return `${response.status} ${response.headers.get('x-revision') ?? 'nobody'}`;
      })
      .catch((error: unknown) => `failed: ${String(error)}`);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  };
  const running = (async () => {
    const pending = new Set<Promise<void>>();
    while (!stopping.signal.aborted) {
      const one = ask().finally(() => pending.delete(one));
      pending.add(one);
      await sleep(1000 / perSecond, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.all(pending);
  })();
  return {
    answers,
    async stop() {
      stopping.abort();
      await running;
      return answers;
    },
  };
}
