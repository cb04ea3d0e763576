import { CloudBuildClient } from '@google-cloud/cloudbuild';
import { RevisionsClient } from '@google-cloud/run';
import { stepTimes } from '../functions/verification/judge-step.ts';
import type { Session } from '../scripts/cli/session.ts';
import type { BuildView } from '../scripts/watch/snapshot.ts';
import type { ReleaseTimes } from './timeline.ts';

interface Timestamp {
  seconds?: unknown;
  nanos?: number | null;
}

const millis = (time: Timestamp | null | undefined): number =>
  Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;

/** Reads from the APIs when the parts of a release happened. */
export async function timesOf(
  session: Session,
  { build, release }: BuildView,
  pushed: number,
): Promise<ReleaseTimes> {
  const client = new CloudBuildClient(session.api.clientOptions);
  try {
    const [full] = await client.getBuild({ name: build.name });
    const probes = (release?.probes ?? []).map(({ at }) => Date.parse(at));
    return {
      pushed,
      buildCreated: millis(full.createTime),
      buildStarted: millis(full.startTime),
      steps: (full.steps ?? []).map(({ timing }) => ({
        from: millis(timing?.startTime),
        to: millis(timing?.endTime),
      })),
      watched: { from: Math.min(...probes), to: Math.max(...probes) },
      served: (release?.steps ?? []).flatMap(({ percent, servingAt, verdict }) => {
        const policy = release?.candidate?.policy;
        if (!policy || servingAt === undefined || !verdict) return [];
        const from = Date.parse(servingAt);
        const wanted = from + stepTimes(policy, percent).atMostSeconds * 1000;
        return [{ from, to: Math.min(wanted, Date.parse(verdict.at)) }];
      }),
      live: Date.parse(release?.history.find(({ stage }) => stage === 'live')?.at ?? ''),
    };
  } finally {
    await client.close();
  }
}

/** When the revision became ready. */
export async function readyAt(session: Session, { service, release }: BuildView): Promise<number> {
  const client = new RevisionsClient(session.api.clientOptions);
  try {
    const { project, region } = session.pipeline;
    const name = `projects/${project}/locations/${region}/services/${service}/revisions/${release?.candidate?.revision ?? ''}`;
    const [revision] = await client.getRevision({ name });
    return millis(revision.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime);
  } finally {
    await client.close();
  }
}

interface Status {
  readonly context: string;
  readonly state: string;
  readonly created_at: string;
}

/** Every status that was written to a commit, oldest first. GitHub's times have whole seconds. */
export async function statusesWritten(
  { githubApiUrl, pipeline: { repository } }: Session,
  commit: string,
): Promise<Status[]> {
  const response = await fetch(
    `${githubApiUrl}/repos/${repository.owner}/${repository.name}/commits/${commit}/statuses?per_page=100`,
  );
  return ((await response.json()) as Status[]).reverse();
}
