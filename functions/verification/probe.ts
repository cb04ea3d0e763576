import type { HealthPolicy } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';

export interface ProbeTarget {
  /** The candidate's own address. */
  readonly url: string;
  /** The revision that has to answer. */
  readonly revision: string;
  /** Identity token, where the service is not open to all. */
  readonly token: string | undefined;
}

/** Asks the candidate once. Never throws: that it does not answer is what we want to know. */
export async function probe(target: ProbeTarget, policy: HealthPolicy, now: () => Date): Promise<Probe> {
  const started = now();
  const done = (result: Omit<Probe, 'at' | 'latencyMs'>): Probe => ({
    at: started.toISOString(),
    latencyMs: now().getTime() - started.getTime(),
    ...result,
  });
  try {
    const response = await fetch(new URL(policy.path, target.url), {
      redirect: 'manual',
      headers: {
        'user-agent': 'slipway-verification',
        // A kept connection would hide an instance that no longer accepts new ones.
        connection: 'close',
        ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }),
      },
      signal: AbortSignal.timeout(policy.timeoutSeconds * 1000),
    });
    await response.body?.cancel();
    const { status } = response;
    const revision = response.headers.get('x-revision') ?? undefined;
    const seen = { status, ...(revision === undefined ? {} : { revision }) };
    if (status === 429) return done({ outcome: 'rate-limited', ...seen });
    if (revision !== undefined && revision !== target.revision)
      return done({ outcome: 'wrong-revision', ...seen });
    return done({ outcome: status === policy.status ? 'ok' : 'wrong-status', ...seen });
  } catch (error) {
    return done({ outcome: (error as Error).name === 'TimeoutError' ? 'timeout' : 'refused' });
  }
}
