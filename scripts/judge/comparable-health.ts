import { isDeepStrictEqual } from 'node:util';
import type { HealthPolicy } from '../../functions/release/policy.ts';
import type { Probe } from '../../functions/release/release.ts';
import { without } from '../../functions/release/without.ts';
import { sideChecks } from '../../functions/verification/probe-schedule.ts';

/** As much of a health policy as can be tried on probes that were sent under another one. */
export interface ComparableHealth {
  readonly health: HealthPolicy;
  /** What of it cannot be known. */
  readonly unknown: readonly string[];
}

/** What was asked, and what for: no policy can be tried on answers to other questions. */
const asked = ['path', 'startupPath', 'status', 'headers', 'bodyIncludes'] as const;

export function comparableHealth(tried: HealthPolicy, had: HealthPolicy): ComparableHealth {
  const { path, startupPath, status, headers, bodyIncludes } = had;
  const streams = askedBefore(tried.streams, had.streams);
  const journeys = askedBefore(tried.journeys, had.journeys);
  const neverTried = sideChecks({ ...tried, streams: streams.never, journeys: journeys.never });
  const unknown = asked
    .filter((key) => !isDeepStrictEqual(tried[key], had[key]))
    .map(
      (key) => `health.${key} is another: what the release was asked under its own policy is all there is`,
    );
  unknown.push(...neverTried.map(({ name }) => `${name} was never tried on this release, and is left out`));
  if (tried.intervalSeconds !== had.intervalSeconds)
    unknown.push(
      `health.intervalSeconds is another: the probes came every ${had.intervalSeconds} s, not every ${tried.intervalSeconds} s`,
    );
  if (tried.timeoutSeconds > had.timeoutSeconds)
    unknown.push(
      `health.timeoutSeconds is longer: whether an answer would have come after ${had.timeoutSeconds} s is not known`,
    );
  return {
    health: {
      ...tried,
      path,
      startupPath,
      status,
      headers,
      bodyIncludes,
      streams: streams.known,
      journeys: journeys.known,
    },
    unknown,
  };
}

function askedBefore<T>(tried: readonly T[], had: readonly T[]): { known: T[]; never: T[] } {
  const isKnown = (one: T): boolean => had.some((other) => isDeepStrictEqual(one, other));
  return { known: tried.filter(isKnown), never: tried.filter((one) => !isKnown(one)) };
}

/** A probe as this policy would have taken it: how long it may take is all that can be judged anew. */
export function probeUnder({ latencyMs, timeoutSeconds }: HealthPolicy, probe: Probe): Probe {
  if (probe.check !== undefined || (probe.outcome !== 'ok' && probe.outcome !== 'slow')) return probe;
  const rest = without(probe, 'detail');
  if (probe.latencyMs > timeoutSeconds * 1000)
    return { ...rest, outcome: 'timeout', detail: `did not answer within ${timeoutSeconds} s` };
  if (latencyMs !== undefined && probe.latencyMs > latencyMs)
    return { ...rest, outcome: 'slow', detail: `took longer than ${latencyMs} ms` };
  return { ...rest, outcome: 'ok' };
}
