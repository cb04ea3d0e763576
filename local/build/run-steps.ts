import { timestamp } from '../core/clock.ts';
import { stepTitle } from './build-log.ts';
import type { BuildStatus, BuildStep } from './build-types.ts';
import { runStep, type StepEnvironment, type StepResult } from './run-step.ts';
import { stepDependencies } from './step-graph.ts';

/** Where a step is, while the build runs: for the build's page. */
export interface StepProgress {
  status: BuildStatus;
  startTime?: string;
  endTime?: string;
  exitCode?: number;
}

/** The step that failed the build, in Cloud Build's words. */
export interface StepFailure {
  readonly status: 'FAILURE' | 'TIMEOUT';
  readonly detail: string;
}

/** Whether the build goes on after this result; `allowExitCodes` beats `allowFailure`. */
export function isAllowed(step: BuildStep, { status, exitCode }: StepResult): boolean {
  if (status === 'SUCCESS') return true;
  if (status === 'CANCELLED') return false;
  const codes = step.allowExitCodes ?? [];
  if (codes.length > 0) return exitCode !== undefined && codes.includes(exitCode);
  return step.allowFailure === true;
}

/**
 * Runs the steps along their `waitFor` graph, side by side where it allows. The first failure that the config does not
 * allow halts the build, and with it the other steps; it is what comes back. `onProgress` gets the live list.
 */
export async function runSteps(
  run: StepEnvironment,
  onProgress: (progress: readonly StepProgress[]) => void,
): Promise<StepFailure | undefined> {
  const { halt, log } = run;
  const steps = run.build.steps ?? [];
  const progress = steps.map((): StepProgress => ({ status: 'QUEUED' }));
  const failures: StepFailure[] = [];
  const change = (index: number, part: StepProgress): void => {
    Object.assign(progress[index] ?? {}, part);
    onProgress(progress);
  };

  /** Whether the steps that wait for this one may start. */
  const runOne = async (step: BuildStep, index: number): Promise<boolean> => {
    if (halt.reason() !== undefined) return false;
    change(index, { status: 'WORKING', startTime: timestamp(run.context.clock) });
    const result = await runStep(step, index, run);
    const { status, exitCode, reason = 'failed' } = result;
    const endTime = timestamp(run.context.clock);
    change(index, { status, endTime, ...(exitCode === undefined ? {} : { exitCode }) });
    if (status === 'SUCCESS') return true;
    if (status === 'CANCELLED' || halt.reason() !== undefined) return false;
    if (isAllowed(step, result)) {
      log.write(`${stepTitle(index, step.id)}: ${reason}; the build goes on, as its config allows`);
      return true;
    }
    failures.push({ status, detail: `build step ${index} "${step.name ?? ''}" failed: ${reason}` });
    halt.end('failed');
    return false;
  };

  onProgress(progress);
  const runs: Promise<boolean>[] = [];
  for (const [index, dependencies] of stepDependencies(steps).entries()) {
    const step = steps[index] ?? {};
    // Steps wait for earlier ones only, so what they wait for is in the list already.
    const earlier = dependencies.flatMap((dependency) => runs[dependency] ?? []);
    runs.push(Promise.all(earlier).then((done) => (done.every(Boolean) ? runOne(step, index) : false)));
  }
  await Promise.all(runs);
  return failures[0];
}
