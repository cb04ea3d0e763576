import type { BuildFailure } from './build-failure.ts';
import type { Build, BuildStatus, BuildStep, FailureInfo } from './build-types.ts';
import type { HaltReason } from './halt.ts';
import type { StepProgress } from './run-steps.ts';
import { maskSecrets } from './secret-masker.ts';

/** How a build ended. */
export type Verdict = Pick<Build, 'status' | 'statusDetail' | 'failureInfo'>;

const failure = (status: BuildStatus, detail: string, type?: FailureInfo['type']): Verdict => ({
  status,
  statusDetail: detail,
  failureInfo: { ...(type === undefined ? {} : { type }), detail },
});

/** A step failed, and the config does not allow it. */
export function stepVerdict({ status, detail }: { status: 'FAILURE' | 'TIMEOUT'; detail: string }): Verdict {
  return status === 'TIMEOUT' ? { status, statusDetail: detail } : failure(status, detail, 'USER_BUILD_STEP');
}

/** A failure before, between or after the steps; secrets that stand in its words are masked. */
export function failureVerdict(error: BuildFailure, secrets: Readonly<Record<string, string>>): Verdict {
  return failure('FAILURE', maskSecrets(secrets, error.message), error.type);
}

/** The build was ended from outside; undefined for `stopped`, which is no end. */
export function haltVerdict(reason: HaltReason | undefined, timeoutMs: number): Verdict | undefined {
  switch (reason) {
    case 'stopped':
      return undefined;
    case 'timeout':
      return {
        status: 'TIMEOUT',
        statusDetail: `the build ran longer than its timeout of ${timeoutMs / 1000}s`,
      };
    case 'cancelled':
    case 'failed':
    case undefined:
      return { status: 'CANCELLED' };
  }
}

/** The steps with what became of them; Cloud Build tells it only once the build has ended. */
export function endedSteps(steps: readonly BuildStep[], progress: readonly StepProgress[]): BuildStep[] {
  return steps.map((step, index) => {
    const { status = 'QUEUED', startTime, endTime, exitCode } = progress[index] ?? {};
    if (startTime === undefined) return { ...step, status };
    return {
      ...step,
      status,
      timing: { startTime, endTime },
      // Nothing is pulled here: the tools are on this machine, and so are the built images.
      pullTiming: { startTime, endTime: startTime },
      ...(exitCode === undefined ? {} : { exitCode }),
    };
  });
}
