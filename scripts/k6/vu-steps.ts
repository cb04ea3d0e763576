import type { Stage } from './arrivals.ts';

export interface VuStep {
  /** From the start of the scenario. */
  readonly atMs: number;
  /** How many virtual users run from then on. */
  readonly vus: number;
}

/** How the number of virtual users changes, one at a time, in straight lines from stage to stage. */
export function vuSteps(startVus: number, stages: readonly Stage[]): VuStep[] {
  const steps: VuStep[] = [{ atMs: 0, vus: startVus }];
  let [vus, startMs] = [startVus, 0];
  for (const { durationMs, target } of stages) {
    const change = Math.abs(target - vus);
    if (durationMs === 0 && change > 0) steps.push({ atMs: startMs, vus: target });
    else
      for (let n = 1; n <= change; n += 1)
        steps.push({ atMs: startMs + (durationMs * n) / change, vus: vus + (target > vus ? n : -n) });
    vus = target;
    startMs += durationMs;
  }
  return steps;
}
