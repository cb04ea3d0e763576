import { openBuilds, type CloudBuild } from '../../functions/platform/cloud-build.ts';
import { openCloudRun, type RunService } from '../../functions/platform/cloud-run.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { expectOk, type GoogleApi } from '../../functions/platform/google-api.ts';
import { openLedger, type Ledger } from '../../functions/release/ledger.ts';
import { releaseKey, substitutions } from '../../functions/release/naming.ts';
import type { Candidate, Release } from '../../functions/release/release.ts';
import type { ServiceRecord } from '../../functions/release/service-record.ts';
import { sharesOf } from '../../functions/rollout/shares.ts';
import { stepLines, stepProgress } from './step-progress.ts';
import { printable } from '../cli/style.ts';
import { stateBucket, type Pipeline } from '../pipeline/pipeline.ts';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StatusLine {
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly targetUrl: string;
}

/** All there is to see of one build and, when it is a release's, of the release. */
export interface BuildView {
  readonly service: string;
  readonly purpose: 'checks' | 'release';
  readonly build: CloudBuild;
  readonly release: Release | undefined;
  /** Percent of the service's own address that its revision serves. */
  readonly percent: number;
  readonly url: string;
}

/** What is known of a commit at one moment. */
export interface Snapshot {
  readonly commit: string;
  readonly builds: readonly BuildView[];
  /** The latest of each context. */
  readonly statuses: readonly StatusLine[];
}

/**
 * Percent of the callers that a candidate serves. A first revision has all traffic from the start, because Cloud Run has
 * no service without; but its service lets nobody in before it is verified.
 */
const reachable = ({ revision, policy }: Candidate, { serving, open }: RunService): number =>
  policy.public && !open ? 0 : (sharesOf(serving).find((share) => share.revision === revision)?.percent ?? 0);

export interface Viewer {
  readonly ledger: Ledger;
  snapshot(commit: string): Promise<Snapshot>;
  service(name: string): Promise<{
    readonly record: ServiceRecord;
    readonly url: string;
    readonly serving: readonly { revision: string | undefined; percent: number }[];
  }>;
  /** Releases whose last news GitHub may not have yet. */
  unreported(): Promise<readonly string[]>;
}

/** Looks at a pipeline through the same APIs as everybody else. */
export function openViewer(
  pipeline: Pipeline,
  api: GoogleApi,
  githubApiUrl: string,
  githubToken: string | undefined,
): Viewer {
  const { project, region, repository } = pipeline;
  const builds = openBuilds(api, project, region);
  const run = openCloudRun(api, project, region);
  const bucket = openBucket(api, stateBucket(pipeline));
  const ledger = openLedger(bucket, {
    now: () => new Date(),
    sleep: async (milliseconds) => sleep(milliseconds),
  });

  const statusesOf = async (commit: string): Promise<StatusLine[]> => {
    const url = `${githubApiUrl}/repos/${repository.owner}/${repository.name}/commits/${commit}/status?per_page=100`;
    const response = await fetch(url, {
      headers: githubToken === undefined ? {} : { authorization: `Bearer ${githubToken}` },
    });
    if (response.status === 404) return [];
    await expectOk(response, `reading the statuses of ${commit}`);
    const { statuses } = (await response.json()) as {
      statuses: { context: string; state: string; description: string | null; target_url: string | null }[];
    };
    return statuses
      .map(({ context, state, description, target_url }) => ({
        context: printable(context),
        state: printable(state),
        description: printable(description ?? ''),
        targetUrl: printable(target_url ?? ''),
      }))
      .sort((a, b) => (a.context < b.context ? -1 : 1));
  };

  const viewOf = async (build: CloudBuild, commit: string): Promise<BuildView | undefined> => {
    const service = build.substitutions[substitutions.service];
    const purpose = build.substitutions[substitutions.purpose];
    if (service === undefined || (purpose !== 'checks' && purpose !== 'release')) return undefined;
    const release =
      purpose === 'release' ? await ledger.release(releaseKey(service, commit, build.id)) : undefined;
    const running = release?.candidate ? await run.service(service) : undefined;
    const steps =
      build.status === 'WORKING'
        ? stepProgress(build.steps, await stepLines(api, project, build.id))
        : build.steps;
    return {
      service,
      purpose,
      build: { ...build, steps },
      release,
      percent: running && release?.candidate ? reachable(release.candidate, running) : 0,
      url: running?.url ?? '',
    };
  };

  return {
    ledger,
    async snapshot(commit) {
      const [found, statuses] = await Promise.all([builds.ofCommit(commit), statusesOf(commit)]);
      const views = await Promise.all(found.map((build) => viewOf(build, commit)));
      const known = views.filter((view) => view !== undefined);
      const order = Object.keys(pipeline.services);
      known.sort(
        (a, b) =>
          order.indexOf(a.service) - order.indexOf(b.service) ||
          (a.build.createTime < b.build.createTime ? -1 : 1),
      );
      return { commit, builds: known, statuses };
    },
    async service(name) {
      const [record, running] = await Promise.all([ledger.service(name), run.service(name)]);
      const serving = (running?.serving ?? []).filter(({ percent }) => percent > 0);
      return { record, url: running?.url ?? '', serving };
    },
    unreported: () => ledger.active(),
  };
}
