import type { HealthPolicy } from '../release/policy.ts';
import type { Probe } from '../release/release.ts';
import { probeJourney } from './journey-probe.ts';
import type { ProbeTarget } from './probe-answer.ts';
import { dueSideChecks, isStarting, type SideCheck } from './probe-schedule.ts';
import { probeOnce, probeStartup } from './probe.ts';
import { probeStream } from './stream-probe.ts';

export interface Prober {
  /**
   * Asks the health path (the startup path first, until that has answered) and starts what else is due. Gives that answer and
   * those of the streams and journeys that have come to their end since the last look: a look takes no longer than
   * `timeoutSeconds`, however long a stream has to stay open. Never throws.
   */
  look(): Promise<readonly Probe[]>;
  /** Ends the streams and journeys that are under way; nothing more is heard of them. */
  stop(): void;
}

export interface ProberOptions {
  readonly now: () => Date;
  /** What was seen before: what was good lately is not asked again at once. */
  readonly seen?: readonly Probe[];
  /** A candidate with traffic has started long ago: its startup path is not asked. */
  readonly hasTraffic: boolean;
}

/** Runs one stream or journey once. Never throws. */
export async function runSideCheck(
  target: ProbeTarget,
  health: HealthPolicy,
  check: SideCheck,
  now: () => Date,
  stopped?: AbortSignal,
): Promise<Probe> {
  const probe =
    'stream' in check
      ? await probeStream(target, check.stream, now, stopped)
      : await probeJourney(target, check.journey, health.timeoutSeconds, now, stopped);
  return { ...probe, check: check.name };
}

/** Keeps looking at one candidate by its policy. */
export function createProber(
  target: ProbeTarget,
  health: HealthPolicy,
  { now, seen = [], hasTraffic }: ProberOptions,
): Prober {
  const probes = [...seen];
  const running = new Set<string>();
  const stopping = new AbortController();
  const ended: Probe[] = [];

  async function run(check: SideCheck): Promise<void> {
    running.add(check.name);
    ended.push(await runSideCheck(target, health, check, now, stopping.signal));
    running.delete(check.name);
  }

  return {
    async look() {
      const { startupPath } = health;
      const starting = !hasTraffic && startupPath !== undefined && isStarting(health, probes);
      for (const check of dueSideChecks(health, probes, running, now())) void run(check);
      const answer = await (starting
        ? probeStartup(target, { ...health, startupPath }, now)
        : probeOnce(target, health, now));
      const news = [...ended.splice(0), answer];
      probes.push(...news);
      return news;
    },
    stop() {
      stopping.abort();
    },
  };
}
