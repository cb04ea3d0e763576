import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadCount {
  readonly requests: number;
  readonly failed: number;
}

export interface Load {
  count(): LoadCount;
  stop(): Promise<LoadCount>;
}

/** Asks `url` again and again, one request after `everyMs`, and counts what did not answer 2xx within 10 s. */
export function startLoad(url: string, everyMs: number): Load {
  const stopping = new AbortController();
  let requests = 0;
  let failed = 0;
  const ask = async (): Promise<void> => {
    requests += 1;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
      await response.arrayBuffer();
      if (!response.ok) failed += 1;
    } catch {
      failed += 1;
    }
  };
  const running = (async () => {
    const open = new Set<Promise<void>>();
    while (!stopping.signal.aborted) {
      const asked = ask().finally(() => open.delete(asked));
      open.add(asked);
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    await Promise.all(open);
  })();
  const count = (): LoadCount => ({ requests, failed });
  return {
    count,
    async stop() {
      stopping.abort();
      await running;
      return count();
    },
  };
}
