import type { Scenario } from './scenario.ts';

/** How many virtual users a scenario has at most. */
export function vusOf(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'shared-iterations':
    case 'per-vu-iterations':
    case 'constant-vus':
      return scenario.vus;
    case 'ramping-vus':
      return Math.max(scenario.startVus, ...scenario.stages.map(({ target }) => target));
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return scenario.maxVus;
  }
}

/** How long a scenario begins new iterations, at most. */
export function lengthMs(scenario: Scenario): number {
  switch (scenario.executor) {
    case 'shared-iterations':
    case 'per-vu-iterations':
      return scenario.maxDurationMs;
    case 'constant-vus':
    case 'constant-arrival-rate':
      return scenario.durationMs;
    case 'ramping-vus':
    case 'ramping-arrival-rate':
      return scenario.stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }
}

/** The most virtual users that can be in use at the same time: one that a scenario has done with serves the next. */
export function vuDemand(scenarios: readonly Scenario[]): number {
  const spans = scenarios.map((scenario) => ({
    from: scenario.startTimeMs,
    to: scenario.startTimeMs + lengthMs(scenario) + scenario.gracefulStopMs,
    vus: vusOf(scenario),
  }));
  const at = (time: number): number =>
    spans.filter(({ from, to }) => from <= time && time <= to).reduce((sum, { vus }) => sum + vus, 0);
  return Math.max(...spans.map(({ from }) => at(from)));
}
