import type { CloudLogging } from '../platform/cloud-logging.ts';
import type { HealthPolicy } from '../release/policy.ts';
import type { Probe, Verdict } from '../release/release.ts';
import { death } from './failure-cause.ts';
import { judge } from './judge.ts';
import type { ProbeTarget } from './probe.ts';

/** What verification has come to, and what it has seen. */
export interface Conclusion {
  readonly verdict: Verdict['verdict'];
  readonly reason: string;
  readonly probes: readonly Probe[];
}

export interface WatchPorts {
  readonly logging: CloudLogging;
  probe(target: ProbeTarget, policy: HealthPolicy): Promise<Probe>;
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
}

/** Logging's read quota is 60 a minute: while probes fail, look for a death no oftener than this. */
const logLookSeconds = 5;
export const logLines = 200;
const renewSeconds = 5;

/**
 * Probes the candidate until there is enough for a verdict. `renew` is told how long the next pause may be, and says
 * whether we are still the ones to verify; if not, there is no conclusion.
 */
export async function watchCandidate(
  ports: WatchPorts,
  service: string,
  target: ProbeTarget,
  policy: HealthPolicy,
  renew: (pauseSeconds: number) => Promise<boolean>,
): Promise<Conclusion | undefined> {
  const started = ports.now().getTime();
  const elapsed = (): number => (ports.now().getTime() - started) / 1000;
  const probes: Probe[] = [];
  let renewed = -renewSeconds;
  let looked = -logLookSeconds;
  for (;;) {
    const seen = await ports.probe(target, policy);
    probes.push(seen);
    const { verdict, reason } = judge(policy, probes, elapsed());
    const failing = seen.outcome !== 'ok' && seen.outcome !== 'rate-limited';
    if (verdict !== 'inconclusive' || (failing && elapsed() - looked >= logLookSeconds)) {
      looked = elapsed();
      // The platform starts an ended container anew at the next request: probes alone would not notice.
      const end = death(await ports.logging.revision(service, target.revision, logLines));
      if (end !== undefined) {
        const good = probes.filter(({ outcome }) => outcome === 'ok').length;
        const died = `died while it was watched: the container ended by itself with ${end}, after ${good} good answers`;
        return { verdict: 'unhealthy', reason: died, probes };
      }
    }
    if (verdict !== 'inconclusive') return { verdict, reason, probes };
    if (elapsed() - renewed >= renewSeconds) {
      renewed = elapsed();
      if (!(await renew(policy.intervalSeconds + policy.timeoutSeconds))) return undefined;
    }
    await ports.sleep(policy.intervalSeconds * 1000);
  }
}
