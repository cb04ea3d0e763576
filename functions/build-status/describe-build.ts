import type { CloudBuild } from '../platform/cloud-build.ts';
import type { BuildPurpose } from '../release/build-purpose.ts';
import type { Cancellation } from '../release/cancellation.ts';
import { statusContext, type StatusStage } from '../release/naming.ts';
import { buildRanks } from '../release/release.ts';
import type { DesiredStatus } from '../release/statuses.ts';

const seconds = (value: number | undefined): string =>
  value === undefined
    ? ''
    : value < 100
      ? `${value.toFixed(1)} s`
      : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;

/** Steps that failed, in order: with `allowFailure` the step at fault is not the one that ended the build. */
function failedSteps(build: CloudBuild): string {
  const failed = build.steps.filter(
    ({ status }) => status === 'FAILURE' || status === 'TIMEOUT' || status === 'INTERNAL_ERROR',
  );
  const named = failed.slice(0, 3).map(({ id, status, exitCode }) => {
    const how = status === 'TIMEOUT' ? 'timed out' : exitCode === undefined ? 'failed' : `exit ${exitCode}`;
    return `${id} (${how})`;
  });
  return named.join(', ');
}

/**
 * Why a build has not succeeded, to be read behind "the build"; undefined while it runs and when it has succeeded.
 * `by`: the pipeline has cancelled it, in favour of this build.
 */
export function failureOf(build: CloudBuild, by?: Cancellation): string | undefined {
  const steps = failedSteps(build);
  const said = build.statusDetail || build.failure;
  switch (build.status) {
    case 'STATUS_UNKNOWN':
    case 'PENDING':
    case 'QUEUED':
    case 'WORKING':
    case 'SUCCESS':
      return undefined;
    case 'CANCELLED':
      return by ? `was cancelled: a newer push (${by.commit.slice(0, 7)})` : 'was cancelled';
    case 'EXPIRED':
      return 'waited too long in the queue';
    case 'TIMEOUT':
      return steps ? `ran out of time in ${steps}` : 'ran out of time';
    case 'INTERNAL_ERROR':
      return said ? `met an error of Cloud Build: ${said}` : 'met an error of Cloud Build';
    case 'FAILURE':
      return steps ? `failed in ${steps}` : `failed: ${said || 'its log says why'}`;
    default:
      return build.status satisfies never;
  }
}

/** The step that keeps the summary of the gates, by its id. */
const resultsStep = 'results';

/**
 * Whether the summary of the gates says why the build ended as it did: it passed, or the gates are what failed. What came
 * after them (a deployment, a browser) stands in the log only.
 */
function isSummedUp({ status, steps }: CloudBuild): boolean {
  const results = steps.find(({ id }) => id === resultsStep)?.status;
  return (status === 'SUCCESS' && results === 'SUCCESS') || (status === 'FAILURE' && results === 'FAILURE');
}

/**
 * The GitHub status of a build: one context for each service and purpose. It leads to the summary of the gates where that
 * tells the story, and to the log otherwise.
 */
export function describeBuild(
  build: CloudBuild,
  { service, purpose }: BuildPurpose,
  by?: Cancellation,
  summaryUrl?: string,
): DesiredStatus {
  const stage: StatusStage = purpose === 'checks' ? 'checks' : 'build';
  const what = purpose === 'checks' ? 'The checks build' : 'The build';
  const took = seconds(build.seconds);
  const failure = failureOf(build, by);
  const common = {
    context: statusContext(service, stage),
    targetUrl: summaryUrl !== undefined && isSummedUp(build) ? summaryUrl : build.logUrl,
    buildCreateTime: build.createTime,
    rank: buildRanks[build.status],
  };
  if (failure !== undefined) {
    const state = build.status === 'FAILURE' || build.status === 'TIMEOUT' ? 'failure' : 'error';
    return { ...common, state, description: `${what} ${failure}${took ? ` after ${took}` : ''}` };
  }
  if (build.status === 'SUCCESS')
    return { ...common, state: 'success', description: `${what} passed${took ? ` in ${took}` : ''}` };
  // Queued and running read the same on purpose: GitHub limits how many statuses may be written.
  return { ...common, rank: buildRanks.WORKING, state: 'pending', description: `${what} is running` };
}
