import type { Answers, Stretch } from '../../functions/verdict/answers.ts';
import { firstUnhealthy } from '../../functions/verdict/judge-metrics.ts';
import type { MetricsPolicy } from '../../functions/verdict/metrics-policy.ts';
import type { Release } from './simulate.ts';

function added(a: Answers, b: Answers): Answers {
  return {
    total: a.total + b.total,
    errors: a.errors + b.errors,
    latency: a.latency.map((count, bucket) => count + (b.latency[bucket] ?? 0)),
  };
}

function joined(a: Stretch, b: Stretch): Stretch {
  return {
    from: a.from,
    to: b.to,
    candidate: added(a.candidate, b.candidate),
    stable: a.stable && b.stable && added(a.stable, b.stable),
  };
}

/** Most decisions fall early, and what comes later does not change them; so the whole hour is looked at last. */
const parts = [1 / 10, 1 / 3, 1];

/** When this project's verdict is unhealthy, with one look every `width` stretches. */
export function ours(policy: MetricsPolicy, release: Release, width: number): number | undefined {
  const looks: Stretch[] = [];
  for (let start = 0; start < release.length; start += width)
    looks.push(release.slice(start, start + width).reduce(joined));
  for (const part of parts) {
    const found = firstUnhealthy(policy, looks.slice(0, Math.ceil(looks.length * part)));
    if (found !== undefined) return (found + 1) * width - 1;
  }
  return undefined;
}
