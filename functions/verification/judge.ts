import type { HealthPolicy } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';

/** What the probes so far say of a candidate. */
export type Judgement =
  | { readonly verdict: 'healthy' | 'unhealthy'; readonly reason: string }
  /** Not enough yet, either way. */
  | { readonly verdict: 'inconclusive'; readonly reason: string };

const at = (probe: Probe): number => Date.parse(probe.at);

/** The answers since the last failure. A service's own rate limit (429) says nothing about its health. */
function successesInARow(probes: readonly Probe[]): Probe[] {
  const telling = probes.filter(({ outcome }) => outcome !== 'rate-limited');
  const lastFailure = telling.findLastIndex(({ outcome }) => outcome !== 'ok');
  return telling.slice(lastFailure + 1);
}

function describe({ outcome, status, revision }: Probe, policy: HealthPolicy): string {
  switch (outcome) {
    case 'ok':
      return `answered ${policy.status}`;
    case 'rate-limited':
      return 'answered 429 (its own rate limit)';
    case 'wrong-status':
      return `answered ${status ?? '?'} instead of ${policy.status}`;
    case 'wrong-revision':
      return `was answered by revision ${revision ?? '?'}`;
    case 'timeout':
      return `did not answer within ${policy.timeoutSeconds} s`;
    case 'refused':
      return 'refused the connection';
    default:
      return outcome satisfies never;
  }
}

/** `answered 500 instead of 200 (12 times), did not answer within 5 s (3 times)`, most frequent first. */
function summarise(probes: readonly Probe[], policy: HealthPolicy): string {
  const counts = new Map<string, number>();
  for (const probe of probes) {
    const text = describe(probe, policy);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([text, count]) => `${text} (${count === 1 ? 'once' : `${count} times`})`)
    .join(', ');
}

/**
 * Healthy after enough consecutive successes that span the watch; unhealthy when that has not come about in time.
 * `elapsedSeconds` counts from the first probe.
 */
export function judge(policy: HealthPolicy, probes: readonly Probe[], elapsedSeconds: number): Judgement {
  const row = successesInARow(probes);
  const [first, last] = [row.at(0), row.at(-1)];
  const span = first && last ? (at(last) - at(first)) / 1000 : 0;
  const enough = row.length >= policy.consecutiveSuccesses;
  if (enough && span >= policy.watchSeconds) {
    return {
      verdict: 'healthy',
      reason: `${row.length} of ${row.length} probes of ${policy.path} answered ${policy.status} over ${span.toFixed(1)} s`,
    };
  }
  const everOk = probes.some(({ outcome }) => outcome === 'ok');
  const limit = everOk ? policy.deadlineSeconds + policy.watchSeconds : policy.deadlineSeconds;
  if (elapsedSeconds < limit)
    return { verdict: 'inconclusive', reason: `${row.length} successes in a row over ${span.toFixed(1)} s` };
  const failures = probes.filter(({ outcome }) => outcome !== 'ok');
  if (probes.length === 0)
    return { verdict: 'unhealthy', reason: `${policy.path} could not be probed within ${limit} s` };
  return {
    verdict: 'unhealthy',
    reason: `health check ${policy.path} ${summarise(failures.length > 0 ? failures : probes, policy)} within ${limit} s`,
  };
}
