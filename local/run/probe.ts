import { request } from 'node:http';
import { connect } from 'node:net';
import { sleep, type Clock } from '../core/clock.ts';
import type { Probe } from './resources.ts';

/** How often a port that is still closed is tried again within one attempt. */
const retryMs = 20;

export interface ProbeTarget {
  readonly probe: Probe;
  /** The real port of the instance, which stands for its container port. */
  readonly port: number;
}

type Attempt = 'succeeded' | 'refused' | 'failed';

function tryTcp(port: number, signal: AbortSignal): Promise<Attempt> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (attempt: Attempt): void => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(attempt);
    };
    const onAbort = (): void => {
      end('failed');
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      // A closed port among the ephemeral ones can be met by the very connection that tries it.
      end(socket.localPort === port ? 'refused' : 'succeeded');
    });
    socket.once('error', () => {
      end('refused');
    });
  });
}

/** 2xx and 3xx are success. https://cloud.google.com/run/docs/configuring/healthchecks */
function tryHttp(target: ProbeTarget, signal: AbortSignal): Promise<Attempt> {
  const { path = '/', httpHeaders = [] } = target.probe.httpGet ?? {};
  return new Promise((resolve) => {
    const probe = request({
      host: '127.0.0.1',
      port: target.port,
      path,
      agent: false,
      signal,
      headers: {
        'user-agent': 'GoogleHC/1.0',
        ...Object.fromEntries(httpHeaders.map(({ name, value = '' }) => [name, value])),
      },
    });
    probe.once('response', (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 400 ? 'succeeded' : 'failed');
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'failed');
    });
    probe.end();
  });
}

/**
 * One attempt, of at most `timeoutSeconds`. A port that is still closed is waited for: that is why Cloud Run's default
 * probe (one attempt of 240 s) succeeds as soon as the port opens.
 */
export async function attemptProbe(target: ProbeTarget, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const cancel = clock.after((target.probe.timeoutSeconds ?? 1) * 1000, () => {
    over.abort();
  });
  const ended = AbortSignal.any([signal, over.signal]);
  try {
    for (;;) {
      const attempt = await (target.probe.httpGet ? tryHttp(target, ended) : tryTcp(target.port, ended));
      if (attempt !== 'refused' || ended.aborted) return attempt === 'succeeded';
      await sleep(clock, retryMs, ended);
    }
  } finally {
    cancel();
  }
}

/** Runs a startup probe to its end: the number of attempts, and whether the last one succeeded. */
export async function runStartupProbe(
  target: ProbeTarget,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ succeeded: boolean; attempts: number }> {
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = target.probe;
  if (initialDelaySeconds > 0) await sleep(clock, initialDelaySeconds * 1000, signal);
  for (let attempts = 1; ; attempts += 1) {
    const startedAt = clock.now();
    if (await attemptProbe(target, clock, signal)) return { succeeded: true, attempts };
    if (signal.aborted || attempts >= failureThreshold) return { succeeded: false, attempts };
    await sleep(clock, startedAt + periodSeconds * 1000 - clock.now(), signal);
  }
}

/** Resolves once a liveness probe has failed `failureThreshold` times in a row, or `signal` aborts. */
export async function watchLiveness(target: ProbeTarget, clock: Clock, signal: AbortSignal): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 } = target.probe;
  await sleep(clock, initialDelaySeconds * 1000, signal);
  for (let failures = 0; failures < failureThreshold && !signal.aborted;) {
    failures = (await attemptProbe(target, clock, signal)) ? 0 : failures + 1;
    if (failures < failureThreshold) await sleep(clock, periodSeconds * 1000, signal);
  }
}
