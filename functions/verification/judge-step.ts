import type { HealthPolicy, ReleasePolicy } from '../release/policy.ts';
import type { Probe, Verdict } from '../release/release.ts';
import type { Stretch } from '../verdict/answers.ts';
import { judgeMetrics, type MetricsJudgement } from '../verdict/judge-metrics.ts';
import { isFailure, isGood, isTelling, runsOf, summarise } from './check-runs.ts';
import { judgeProbes } from './judge.ts';
import { uncountedInWords, type Uncounted } from './uncounted.ts';

/** A share of traffic that is being watched. */
export interface WatchedStep {
  readonly percent: number;
  readonly servedSeconds: number;
  /** A stable revision serves beside it: there is something to compare with. */
  readonly compared: boolean;
  /** What of it is not among the stretches; undefined where that is not known any more. */
  readonly uncounted?: Uncounted | undefined;
}

export interface StepVerdict {
  readonly verdict: Verdict['verdict'];
  readonly reasons: readonly string[];
}

/** How long the candidate stays at a percent: at least, and at most until the policy says what happens. */
export function stepTimes(
  { rollout }: ReleasePolicy,
  percent: number,
): { readonly atLeastSeconds: number; readonly atMostSeconds: number } {
  const step = rollout.steps.find((each) => each.percent === percent);
  return step ?? { atLeastSeconds: rollout.bakeSeconds, atMostSeconds: rollout.bakeSeconds };
}

/**
 * What is known of the candidate at a share of the traffic. `probes`: those of this step; `stretches`: all of the release,
 * for evidence adds up from step to step. Bad is said as soon as it is known, good not before the step's least time;
 * undefined while there is still time to learn more.
 */
export function judgeStep(
  policy: ReleasePolicy,
  step: WatchedStep,
  probes: readonly Probe[],
  stretches: readonly Stretch[],
  metricsJudge: typeof judgeMetrics = judgeMetrics,
): StepVerdict | undefined {
  const { dryRun, ...metricsPolicy } = policy.rollout.metrics;
  const probed = judgeProbes(policy.health, probes);
  if (probed.verdict === 'unhealthy') return { verdict: 'unhealthy', reasons: [probed.reason] };
  const metrics = metricsJudge(metricsPolicy, stretches);
  if (metrics.verdict === 'unhealthy' && !dryRun) {
    return { verdict: 'unhealthy', reasons: metrics.reasons.slice(0, 1) };
  }
  const { atLeastSeconds, atMostSeconds } = stepTimes(policy, step.percent);
  if (step.servedSeconds < atLeastSeconds) return undefined;
  // With what it would have said: `healthy` here is the probes' word alone.
  const said = dryRun
    ? metrics.reasons.map((reason) => `dry run (${metrics.verdict}): ${reason}`)
    : metrics.reasons;
  const missing = step.uncounted && uncountedInWords(step.servedSeconds, step.uncounted);
  const reasons = [
    probed.reason,
    ...(stretches.length === 0
      ? [missing ?? noMetrics]
      : [...said, ...(missing === undefined ? [] : [missing])]),
  ];
  // Without a stable side there is nothing to compare: the probes decide, and the budget has had its say above.
  const enough = dryRun || !step.compared || metrics.verdict === 'healthy';
  if (probed.verdict === 'healthy' && enough) return { verdict: 'healthy', reasons };
  if (step.servedSeconds < atMostSeconds) return undefined;
  return probed.verdict === 'inconclusive'
    ? judgeUnclear(policy.health, probes, reasons)
    : { verdict: 'inconclusive', reasons };
}

/**
 * The time is up, and the last probes were neither good often enough nor bad often enough. A few more tell which it is,
 * also where somebody came so late that there are hardly any; a health path that goes on flapping is not well.
 */
function judgeUnclear(
  health: HealthPolicy,
  probes: readonly Probe[],
  reasons: readonly string[],
): StepVerdict | undefined {
  const { path, consecutiveSuccesses, consecutiveFailures } = health;
  const enough = 2 * (consecutiveSuccesses + consecutiveFailures);
  const recent = runsOf(probes, undefined).slice(-enough);
  if (recent.length < enough) return undefined;
  const failures = recent.filter(isFailure);
  if (failures.length === 0) return { verdict: 'inconclusive', reasons };
  // One bad answer just when the time is up is no flapping: the next ones tell.
  if (longestGoodRow(recent) >= consecutiveSuccesses) return undefined;
  const flapping = `health check ${path} ${summarise(failures)} in its last ${enough} probes, and was never good ${consecutiveSuccesses} times in a row`;
  return { verdict: 'unhealthy', reasons: [flapping] };
}

function longestGoodRow(probes: readonly Probe[]): number {
  let longest = 0;
  let row = 0;
  for (const probe of probes.filter(isTelling)) {
    row = isGood(probe) ? row + 1 : 0;
    longest = Math.max(longest, row);
  }
  return longest;
}

/** `judgeMetrics` for one policy that looks at the same stretches again and again: works each list out once. */
export function rememberingJudge(): typeof judgeMetrics {
  let last: { stretches: readonly Stretch[]; judgement: MetricsJudgement } | undefined;
  return (policy, stretches) => {
    if (last?.stretches !== stretches) last = { stretches, judgement: judgeMetrics(policy, stretches) };
    return last.judgement;
  };
}

const noMetrics = 'no answers were counted';
