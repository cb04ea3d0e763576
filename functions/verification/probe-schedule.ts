import type { HealthPolicy, Journey, StreamProbe } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import { isFailure, isGood, runsOf } from './check-runs.ts';

/** What is asked beside the health path. */
export type SideCheck = { readonly name: string } & (
  { readonly stream: StreamProbe } | { readonly journey: Journey }
);

/** Streams and journeys cost the service more than a health check, and a journey may write. */
const periodSeconds = 10;
/** A failure is looked into sooner: one lost connection is not to be waited out. */
const retrySeconds = 2;

/** The name under which the startup path is recorded. */
export const startupCheck = (path: string): string => `startup ${path}`;

/** All streams and journeys, each under a name of its own: `sse /stream`, `sse /stream (2)`, `journey "post"`. */
export function sideChecks({ streams, journeys }: HealthPolicy): SideCheck[] {
  const used = new Map<string, number>();
  const unique = (name: string): string => {
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  };
  return [
    ...streams.map((stream) => ({ name: unique(`${stream.protocol} ${stream.path}`), stream })),
    ...journeys.map((journey) => ({ name: unique(`journey ${JSON.stringify(journey.name)}`), journey })),
  ];
}

/** Whether the startup path has still to answer. */
export const isStarting = ({ startupPath }: HealthPolicy, probes: readonly Probe[]): boolean =>
  startupPath !== undefined && !runsOf(probes, startupCheck(startupPath)).some(isGood);

/**
 * The streams and journeys that are due beside the health path, given all probes so far and the names of those under way:
 * none while the health path fails, for they would only fail with it.
 */
export function dueSideChecks(
  health: HealthPolicy,
  probes: readonly Probe[],
  running: ReadonlySet<string>,
  at: Date,
): SideCheck[] {
  const lastHealth = runsOf(probes, undefined).at(-1);
  if (!lastHealth || isFailure(lastHealth)) return [];
  return sideChecks(health).filter(({ name }) => {
    const last = runsOf(probes, name).at(-1);
    if (running.has(name)) return false;
    const pauseSeconds = !last ? 0 : isGood(last) ? periodSeconds : retrySeconds;
    return !last || at.getTime() - Date.parse(last.at) >= pauseSeconds * 1000;
  });
}
