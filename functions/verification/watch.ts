import type { CloudLogging } from '../platform/cloud-logging.ts';
import type { Log } from '../platform/log.ts';
import type { HealthPolicy } from '../release/policy.ts';
import type { Probe, Verdict } from '../release/release.ts';
import { isFailure } from './check-runs.ts';
import { death, lastWords } from './failure-cause.ts';
import type { ProbeTarget } from './probe-answer.ts';
import type { Prober, ProberOptions } from './prober.ts';

/** What verification has come to. */
export interface Conclusion {
  readonly verdict: Verdict['verdict'];
  readonly reasons: readonly string[];
}

export interface WatchPorts {
  readonly logging: CloudLogging;
  readonly log: Log;
  prober(target: ProbeTarget, health: HealthPolicy, options: Omit<ProberOptions, 'now'>): Prober;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** One revision that is looked at again and again. */
export interface Watch {
  readonly service: string;
  readonly target: ProbeTarget;
  readonly health: HealthPolicy;
  readonly hasTraffic: boolean;
  /** What was seen of it before. */
  readonly seen: readonly Probe[];
  /** Deaths before then are none of this watch's, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** So many looks at least, whatever was seen before. */
  readonly leastLooks: number;
  /** After so long somebody else has to go on: a function does not run for ever. */
  readonly mostSeconds: number;
  /** All probes so far, those seen before included; seconds since this watch began. Undefined: not enough yet. */
  judge(probes: readonly Probe[], elapsedSeconds: number): Conclusion | undefined;
  /** After each look, with what was new in it; false when there is no point in going on. */
  onLook(news: readonly Probe[], pauseSeconds: number): Promise<boolean>;
}

/** `stopped`: `onLook` said so; `time-up`: not enough was seen in the time there is. */
export type Watched =
  ({ readonly kind: 'concluded' } & Conclusion) | { readonly kind: 'stopped' | 'time-up' };

/** Logging's read quota is 60 a minute: while probes fail, look for a death no oftener than this. */
const logLookSeconds = 5;
export const logLines = 200;
/** The log's clock is not ours. */
const clocksDifferMs = 3_000;

/** Probes a revision until there is enough for a conclusion, or the time is up. */
export async function watch(ports: WatchPorts, watched: Watch): Promise<Watched> {
  const { target, health, hasTraffic, seen } = watched;
  const started = ports.now().getTime();
  const elapsed = (): number => (ports.now().getTime() - started) / 1000;
  const prober = ports.prober(target, health, { seen, hasTraffic });
  const probes = [...seen];
  let lookedIntoLog = -logLookSeconds;
  try {
    for (let looks = 1; ; looks += 1) {
      const beganMs = ports.now().getTime();
      const news = await prober.look();
      probes.push(...news);
      const goOn = await watched.onLook(news, health.intervalSeconds + health.timeoutSeconds);
      if (!goOn) return { kind: 'stopped' };
      const conclusion = looks < watched.leastLooks ? undefined : watched.judge(probes, elapsed());
      if (conclusion || (news.some(isFailure) && elapsed() - lookedIntoLog >= logLookSeconds)) {
        lookedIntoLog = elapsed();
        // The platform starts an ended container anew at the next request: probes alone would not notice.
        const end = await deathOf(ports, watched, conclusion?.verdict);
        if (end !== undefined) {
          const good = probes.filter(({ outcome }) => outcome === 'ok').length;
          const died = `died while it was watched: the container ended by itself with ${end}, after ${good} good answers`;
          const why = await whyItDied(ports, watched);
          const reason = why === undefined ? died : `${died}; its log says ${why}`;
          return { kind: 'concluded', verdict: 'unhealthy', reasons: [reason] };
        }
      }
      if (conclusion) return { kind: 'concluded', ...conclusion };
      if (elapsed() >= watched.mostSeconds) return { kind: 'time-up' };
      // From probe to probe: else all that a look costs is time for which a bad candidate keeps its traffic.
      const tookMs = ports.now().getTime() - beganMs;
      await ports.sleep(Math.max(0, health.intervalSeconds * 1000 - tookMs));
    }
  } finally {
    prober.stop();
  }
}

/**
 * How the container ended by itself, if it did. Bad news do not wait for its log, and the watch goes on without it; only a
 * candidate of which nothing bad is known is not let through as long as nobody can say whether it died.
 */
async function deathOf(
  { logging, log }: WatchPorts,
  { service, target, hasTraffic, sinceMs }: Watch,
  verdict: Conclusion['verdict'] | undefined,
): Promise<string | undefined> {
  try {
    const lines = await logging.revision(service, target.revision, logLines, 'system');
    return death(lines, hasTraffic, sinceMs - clocksDifferMs);
  } catch (error) {
    if (verdict === 'healthy' || verdict === 'inconclusive') throw error;
    log('WARNING', `the log of ${target.revision} cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

/** What the container wrote is read once it is known to have died, and not before: hardly any watch needs it. */
async function whyItDied(
  { logging, log }: WatchPorts,
  { service, target }: Watch,
): Promise<string | undefined> {
  try {
    return lastWords(await logging.revision(service, target.revision, logLines));
  } catch (error) {
    log('WARNING', `why ${target.revision} died cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
