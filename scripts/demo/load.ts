import { setTimeout as sleep } from 'node:timers/promises';

export interface LoadCount {
  readonly requests: number;
  readonly failed: number;
  /** How often each way of failing was met: `503`, `no answer within 30 s`, … */
  readonly reasons: ReadonlyMap<string, number>;
}

export interface Load {
  count(): LoadCount;
  stop(): Promise<LoadCount>;
}

/** No front end waits longer for a page; a machine that stands still for a moment has time to catch up. */
const timeoutMs = 30_000;

/** Asks `url` again and again, one request every `everyMs`, and counts what did not answer 2xx in time. */
export function startLoad(url: string, everyMs: number): Load {
  const stopping = new AbortController();
  let requests = 0;
  const reasons = new Map<string, number>();
  const fail = (reason: string): void => {
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  };
  const ask = async (): Promise<void> => {
    requests += 1;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      await response.arrayBuffer();
      if (!response.ok) fail(String(response.status));
    } catch (error) {
      fail(reasonOf(error as Error));
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
  const count = (): LoadCount => {
    const failed = [...reasons.values()].reduce((sum, each) => sum + each, 0);
    return { requests, failed, reasons };
  };
  return {
    count,
    async stop() {
      stopping.abort();
      await running;
      return count();
    },
  };
}

/** Of what fetch has thrown: the code of the connection's own error, where there is one. */
function reasonOf({ name, cause }: Error): string {
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : name;
}
