import { statusContext } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import type { DesiredStatus } from '../release/statuses.ts';

type Part = Pick<DesiredStatus, 'state' | 'description' | 'rank'>;

function verification({ stage, candidate, verdict }: Release): Part | undefined {
  if (verdict) {
    const [reason = ''] = verdict.reasons;
    switch (verdict.verdict) {
      case 'healthy':
        return { state: 'success', description: `Healthy: ${reason}`, rank: 2 };
      case 'unhealthy':
        return { state: 'failure', description: `Unhealthy: ${reason}`, rank: 2 };
      case 'inconclusive':
        return { state: 'error', description: `Inconclusive: ${reason}`, rank: 2 };
      default:
        return verdict.verdict satisfies never;
    }
  }
  if (!candidate) return undefined;
  if (stage === 'candidate' || stage === 'verifying')
    return { state: 'pending', description: `Verifying ${candidate.revision}`, rank: 1 };
  // The build ended badly while its candidate was being verified.
  return { state: 'error', description: `Not verified: ${stage}`, rank: 2 };
}

function rollout(release: Release): Part | undefined {
  const last = release.history.at(-1);
  switch (release.stage) {
    case 'building':
    case 'candidate':
    case 'verifying':
    case 'cancelled':
      return undefined;
    case 'failed':
      // Healthy, and yet not to be served: the verification's status alone would look like a success.
      return release.verdict?.verdict === 'healthy'
        ? { state: 'failure', description: `Not rolled out: ${last?.reason ?? ''}`, rank: 3 }
        : undefined;
    case 'rolling-out':
      return {
        state: 'pending',
        description: `Moving traffic to ${release.candidate?.revision ?? ''}`,
        rank: 1,
      };
    case 'live':
      return {
        state: 'success',
        description: `Live: ${release.candidate?.revision ?? ''} serves 100 %`,
        rank: 2,
      };
    case 'rolled-back':
      return { state: 'failure', description: `Rolled back: ${last?.reason ?? ''}`, rank: 3 };
    case 'superseded':
      // One that was live has said so and keeps it; one that never was says why not.
      return release.history.some(({ stage }) => stage === 'live')
        ? undefined
        : { state: 'success', description: `Not rolled out: ${last?.reason ?? ''}`, rank: 3 };
    default:
      return release.stage satisfies never;
  }
}

/** The GitHub statuses of a release beyond its build: verification and rollout. */
export function describeRelease(release: Release, reportUrl: string): DesiredStatus[] {
  const parts = [
    { stage: 'verify', part: verification(release) },
    { stage: 'rollout', part: rollout(release) },
  ] as const;
  return parts.flatMap(({ stage, part }) =>
    part
      ? [
          {
            ...part,
            context: statusContext(release.service, stage),
            targetUrl: release.verdict ? reportUrl : release.build.logUrl,
            buildCreateTime: release.build.createTime,
          },
        ]
      : [],
  );
}
