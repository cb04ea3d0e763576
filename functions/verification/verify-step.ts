import type { Candidate, Release, ReleaseStep, Verdict } from '../release/release.ts';
import type { ServiceRecord } from '../release/service-record.ts';
import { candidateTag, type ReleaseKey } from '../release/naming.ts';
import { tell } from '../release/tell.ts';
import { differMaterially } from './differ-materially.ts';
import { judgeStep, rememberingJudge } from './judge-step.ts';
import type { VerificationPorts } from './ports.ts';
import { findTarget } from './probe-target.ts';
import { nextStretch, unreadWindow, type Sides } from './stretches.ts';
import type { Turn } from './turn.ts';
import { createUnaddressedProber } from './unaddressed-prober.ts';
import type { Uncounted } from './uncounted.ts';
import { watch, type WatchPorts } from './watch.ts';

/** A step that Cloud Run serves: there is something to watch. */
export type ServedStep = ReleaseStep & { readonly servingAt: string };

export function servedStep({ stage, steps }: Release): ServedStep | undefined {
  const step = steps.at(-1);
  return stage === 'rolling-out' && step?.servingAt !== undefined
    ? { ...step, servingAt: step.servingAt }
    : undefined;
}

/** How often metrics are read and the record is looked at, in seconds: instances report every five. */
const readSeconds = 5;

/**
 * Watches a candidate at its share of the traffic until there is a verdict on it or the turn is over. One that has its
 * verdict already and waits for something else is looked at a few times only: each tick does it again.
 */
export async function verifyStep(
  ports: VerificationPorts,
  release: Release,
  candidate: Candidate,
  step: ServedStep,
  record: ServiceRecord,
  turn: Turn,
): Promise<'concluded' | 'time-up' | 'over'> {
  const key: ReleaseKey = release;
  const { policy, revision } = candidate;
  const target = await findTarget(ports, key, revision);
  if (!target && !(await ports.run.revision(key.service, revision))) {
    const reasons = [`revision ${revision} does not exist any more`];
    await concludeStep(ports, key, step, { verdict: 'unhealthy', reasons });
    return 'concluded';
  }
  const stable = record.stable?.revision;
  const compared = stable !== undefined && stable !== revision && step.percent < 100;
  const sides: Sides = { candidate: revision, stable: stable === revision ? undefined : stable };
  const ofStep = turn.evidence.evidence.probes.filter(({ at }) => at >= step.servingAt);
  const metricsJudge = rememberingJudge();
  // At the first look already: one that waits is looked at for a moment only, and is to be judged by what came meanwhile.
  let readAt = -Infinity;
  let countedBy: Uncounted['by'];
  // The first look comes before the turn is kept for the first time, and may take long.
  if (!(await turn.hold(policy.health.timeoutSeconds))) return 'over';

  const watchPorts: WatchPorts = target ? ports : { ...ports, prober: unaddressed(ports, key, revision) };
  const watched = await watch(watchPorts, {
    service: key.service,
    target: target ?? { url: '', revision, token: undefined },
    health: policy.health,
    hasTraffic: true,
    sinceMs: Date.parse(step.servingAt),
    seen: ofStep,
    leastLooks: step.verdict ? policy.health.consecutiveFailures : 1,
    mostSeconds: turn.leftSeconds(),
    judge(probes) {
      const { stretches } = turn.evidence.evidence;
      const nowMs = ports.now().getTime();
      const servedMs = Date.parse(step.servingAt);
      const countedMs = Math.max(servedMs, Date.parse(stretches.at(-1)?.to ?? step.servingAt));
      const watchedStep = {
        percent: step.percent,
        servedSeconds: (nowMs - servedMs) / 1000,
        compared,
        uncounted: { seconds: (nowMs - countedMs) / 1000, by: countedBy },
      };
      return judgeStep(policy, watchedStep, probes, stretches, metricsJudge);
    },
    async onLook(news, pauseSeconds) {
      turn.evidence.add({ probes: news });
      if (ports.now().getTime() - readAt >= readSeconds * 1000) {
        readAt = ports.now().getTime();
        if (!(await isStillServed(ports, key, step))) return false;
        countedBy = await readMetrics(ports, release, sides, turn);
      }
      return turn.keep(pauseSeconds);
    },
  });
  if (watched.kind !== 'concluded') return watched.kind === 'time-up' ? 'time-up' : 'over';
  await turn.evidence.save();
  await concludeStep(ports, key, step, watched);
  return 'concluded';
}

/** It keeps its traffic, and what its users are answered is judged all the same. */
const unaddressed =
  (ports: VerificationPorts, key: ReleaseKey, revision: string): WatchPorts['prober'] =>
  (_, health, options) =>
    createUnaddressedProber(
      candidateTag(key),
      () => findTarget(ports, key, revision),
      (target) => ports.prober(target, health, options),
      ports.now,
    );

async function isStillServed(ports: VerificationPorts, key: ReleaseKey, step: ServedStep): Promise<boolean> {
  const release = await ports.ledger.release(key);
  return release !== undefined && servedStep(release)?.percent === step.percent;
}

async function readMetrics(
  ports: VerificationPorts,
  release: Release,
  sides: Sides,
  turn: Turn,
): Promise<Uncounted['by']> {
  const { service } = release;
  try {
    const window = unreadWindow(release, sides, turn.evidence.evidence.stretches.at(-1)?.to);
    if (!window) return undefined;
    const { stretch, by } = await nextStretch(ports.monitoring, service, window, ports.now());
    if (stretch) turn.evidence.add({ stretches: [stretch] });
    return by;
  } catch (error) {
    // No answer is no evidence: the probes go on, and the next look asks for the whole time since.
    ports.log('WARNING', `the metrics of ${service} cannot be read: ${(error as Error).message}`);
    return 'unreadable';
  }
}

async function concludeStep(
  ports: VerificationPorts,
  key: ReleaseKey,
  { percent, verdict: standing }: ServedStep,
  { verdict, reasons }: Pick<Verdict, 'verdict'> & { readonly reasons: readonly string[] },
): Promise<void> {
  // One that waits is judged anew by each tick: the record has the newest reasons, as far as they say something new.
  if (standing?.verdict === verdict && !differMaterially(standing.reasons, reasons)) return;
  const at = ports.now().toISOString();
  ports.log('INFO', `${key.service} ${key.id} is ${verdict} at ${percent} %: ${reasons.join('; ')}`);
  await tell(ports, key, { kind: 'step-verdict', percent, verdict: { verdict, reasons: [...reasons], at } });
}
