import type { ReleasePolicy } from '../../functions/release/policy.ts';
import { firstUnhealthy } from '../../functions/verdict/judge-metrics.ts';
import { judge, judgeProbes } from '../../functions/verification/judge.ts';
import { judgeStep, stepTimes, type StepVerdict } from '../../functions/verification/judge-step.ts';
import type { Seen } from './looks.ts';

/** A verdict, and the look at which it would have been given. */
export interface Said extends StepVerdict {
  readonly atMs: number;
}

/** Longer than that nothing was seen: whoever watched had died, and another began anew. */
const brokenSeconds = 10;

/** Of the evidence: the watch before any traffic. Undefined: there is not enough of it. */
export function judgedBeforeTraffic(
  { health }: ReleasePolicy,
  had: ReleasePolicy,
  { looks, probes }: Seen,
  verifiedMs: number,
): { readonly fromMs: number; readonly said: Said | undefined } | undefined {
  const patienceMs = (had.health.intervalSeconds + had.health.timeoutSeconds + brokenSeconds) * 1000;
  const first = looks.findLastIndex(
    ({ beganMs }, index) =>
      beganMs <= verifiedMs && beganMs - (looks[index - 1]?.atMs ?? -Infinity) > patienceMs,
  );
  const watched = first === -1 ? [] : looks.slice(first);
  const [start] = watched;
  if (!start) return undefined;
  const from = looks[first - 1]?.probes ?? 0;
  for (const look of watched) {
    const judged = judge(health, probes.slice(from, look.probes), (look.atMs - start.beganMs) / 1000);
    if (judged.done)
      return {
        fromMs: start.beganMs,
        said: { verdict: judged.verdict, reasons: [judged.reason], atMs: look.atMs },
      };
  }
  return { fromMs: start.beganMs, said: undefined };
}

export interface StepToReplay {
  readonly percent: number;
  readonly fromMs: number;
  /** Answers of earlier steps count too, from here on. */
  readonly metricsFromMs: number;
}

/** What would have been said of a candidate at a share of the traffic: each change of mind. */
export function* judgedAtStep(
  policy: ReleasePolicy,
  { percent, fromMs, metricsFromMs }: StepToReplay,
  { looks, probes, stretches }: Seen,
): Generator<Said, void> {
  const { atLeastSeconds, atMostSeconds } = stepTimes(policy, percent);
  const counted = stretches.filter(({ from }) => Date.parse(from) >= metricsFromMs);
  const earlier = stretches.length - counted.length;
  const alarm = firstUnhealthy(policy.rollout.metrics, counted) ?? Infinity;
  let before: string | undefined;
  let last: Said['verdict'] | undefined;
  for (const look of looks.filter(({ beganMs }) => beganMs >= fromMs)) {
    const servedSeconds = (look.atMs - fromMs) / 1000;
    const ofStep = probes.slice(0, look.probes).filter(({ at }) => Date.parse(at) >= fromMs);
    const known = Math.max(0, look.stretches - earlier);
    // Metrics take long to judge, so they are judged only where it can matter: when bad, or when the least time is over
    // and something is new. Probes that say nothing clear are looked into anew each time once the time is up.
    const probed = judgeProbes(policy.health, ofStep).verdict;
    if (servedSeconds < atLeastSeconds && probed !== 'unhealthy' && known <= alarm) continue;
    const now = [known, probed, servedSeconds >= atLeastSeconds, servedSeconds >= atMostSeconds].join();
    if (now === before && (probed !== 'inconclusive' || servedSeconds < atMostSeconds)) continue;
    before = now;
    const said = judgeStep(
      policy,
      { percent, servedSeconds, compared: percent < 100 },
      ofStep,
      counted.slice(0, known),
    );
    if (said === undefined || said.verdict === last) continue;
    last = said.verdict;
    yield { ...said, atMs: look.atMs };
  }
}
