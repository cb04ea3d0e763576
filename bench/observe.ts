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

/** A build that has ended: when it and its steps ran, in milliseconds since the epoch. */
export interface ObservedBuild {
  readonly service: string;
  readonly created: number;
  readonly from: number;
  readonly to: number;
  readonly steps: readonly {
    readonly id: string;
    readonly waitFor: readonly string[];
    readonly from: number;
    readonly to: number;
  }[];
}

/** Reads from Cloud Build when a build and its steps ran. */
export async function buildOf(session: Session, { service, build }: BuildView): Promise<ObservedBuild> {
  const client = new CloudBuildClient(session.api.clientOptions);
  try {
    const [full] = await client.getBuild({ name: build.name });
    return {
      service,
      created: millis(full.createTime),
      from: millis(full.startTime),
      to: millis(full.finishTime),
      steps: (full.steps ?? []).map(({ id, waitFor, timing }, index) => ({
        id: id ?? String(index),
        waitFor: waitFor ?? [],
        from: millis(timing?.startTime),
        to: millis(timing?.endTime),
      })),
    };
  } finally {
    await client.close();
  }
}

/** Reads from the APIs when the parts of a release happened. */
export async function timesOf(session: Session, view: BuildView, pushed: number): Promise<ReleaseTimes> {
  const { release } = view;
  const { created, from: started, steps } = await buildOf(session, view);
  const probes = (release?.probes ?? []).map(({ at }) => Date.parse(at));
  return {
    pushed,
    buildCreated: created,
    buildStarted: started,
    steps,
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
