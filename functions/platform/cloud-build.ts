import type { CloudBuildClient, protos } from '@google-cloud/cloudbuild';
import type { GoogleApi } from './google-api.ts';
import { askAgain } from './retries.ts';

type IBuild = protos.google.devtools.cloudbuild.v1.IBuild;
type IListBuildsRequest = protos.google.devtools.cloudbuild.v1.IListBuildsRequest;

const statusNames = {
  0: 'STATUS_UNKNOWN',
  10: 'PENDING',
  1: 'QUEUED',
  2: 'WORKING',
  3: 'SUCCESS',
  4: 'FAILURE',
  5: 'INTERNAL_ERROR',
  6: 'TIMEOUT',
  7: 'CANCELLED',
  9: 'EXPIRED',
} as const;

export type CloudBuildStatus = (typeof statusNames)[keyof typeof statusNames];

export interface BuildStep {
  /** The step's id, or its number. */
  readonly id: string;
  readonly status: CloudBuildStatus;
  readonly exitCode: number | undefined;
  readonly seconds: number | undefined;
}

/** A build as far as reporting and releases need it. */
export interface CloudBuild {
  readonly id: string;
  /** `projects/<p>/locations/<l>/builds/<id>` */
  readonly name: string;
  readonly status: CloudBuildStatus;
  readonly statusDetail: string;
  readonly failure: string;
  readonly commit: string | undefined;
  /** `owner/name`. */
  readonly repository: string | undefined;
  readonly branch: string;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly steps: readonly BuildStep[];
  readonly logUrl: string;
  readonly createTime: string;
  /** When a person let it go on, if it had to wait for that. */
  readonly approvedAt?: string | undefined;
  readonly seconds: number | undefined;
  readonly digests: readonly string[];
}

export interface Builds {
  get(name: string): Promise<CloudBuild | undefined>;
  /** Builds that were created since then, newest first; with `having` those that have these substitutions. */
  createdSince(time: Date, having?: Readonly<Record<string, string>>): Promise<CloudBuild[]>;
  /** Every build of one commit, newest first. */
  ofCommit(commit: string): Promise<CloudBuild[]>;
}

/** A trigger as far as it says what it builds. */
export interface CloudBuildTrigger {
  readonly name: string;
  /** `owner/name` of a repository on GitHub. */
  readonly repository: string;
  readonly disabled: boolean;
  readonly substitutions: Readonly<Record<string, string>>;
  readonly includedFiles: readonly string[];
  readonly ignoredFiles: readonly string[];
}

/** What pushes start, and have started. */
export interface PushedBuilds {
  triggers(): Promise<CloudBuildTrigger[]>;
  /** Builds of one branch that have these substitutions, newest first; read only as far as somebody asks for more. */
  ofBranch(branch: string, having: Readonly<Record<string, string>>): AsyncIterable<CloudBuild>;
}

/** Builds that have not ended, and how to end them. */
export interface OngoingBuilds {
  /** Every build of the project and region that waits, is queued or works, newest first. */
  ongoing(): Promise<CloudBuild[]>;
  /** Asks for its end, which comes a little later. `ended`: it has ended already, however it did. */
  cancel(name: string): Promise<'asked' | 'ended'>;
}

/** Enums arrive by name or by number, depending on the transport. */
function statusOf(status: unknown): CloudBuildStatus {
  const known: Readonly<Record<number, CloudBuildStatus>> = statusNames;
  if (typeof status === 'number') return known[status] ?? 'STATUS_UNKNOWN';
  return Object.values(statusNames).find((name) => name === status) ?? 'STATUS_UNKNOWN';
}

interface Timestamp {
  seconds?: unknown;
  nanos?: number | null;
}

const millis = (time: Timestamp | null | undefined): number | undefined =>
  time?.seconds === null || time?.seconds === undefined
    ? undefined
    : Number(time.seconds) * 1000 + Math.floor((time.nanos ?? 0) / 1e6);

function isoTime(time: Timestamp | null | undefined): string | undefined {
  const at = millis(time);
  return at === undefined ? undefined : new Date(at).toISOString();
}

function secondsBetween(
  from: Timestamp | null | undefined,
  to: Timestamp | null | undefined,
): number | undefined {
  const [start, end] = [millis(from), millis(to)];
  return start === undefined || end === undefined ? undefined : (end - start) / 1000;
}

const orElse = (text: string | null | undefined, otherwise: string): string =>
  text === null || text === undefined || text === '' ? otherwise : text;

const isCommit = (text: string | null | undefined): text is string => /^[0-9a-f]{40}$/.test(text ?? '');

/** Builds from the GitHub app come with an empty `source`: what they are about stands in the substitutions. */
function commitOf(build: IBuild): string | undefined {
  const provenance = build.sourceProvenance;
  return [
    build.substitutions?.COMMIT_SHA,
    provenance?.resolvedGitSource?.revision,
    provenance?.resolvedConnectedRepository?.revision,
    provenance?.resolvedRepoSource?.commitSha,
  ].find(isCommit);
}

function readBuild(build: IBuild): CloudBuild {
  return {
    id: build.id ?? '',
    name: build.name ?? '',
    status: statusOf(build.status),
    statusDetail: build.statusDetail ?? '',
    failure: build.failureInfo?.detail ?? '',
    commit: commitOf(build),
    repository: build.substitutions?.REPO_FULL_NAME,
    branch: build.substitutions?.BRANCH_NAME ?? '',
    substitutions: build.substitutions ?? {},
    steps: (build.steps ?? []).map((step, index) => ({
      id: orElse(step.id, `#${index}`),
      status: statusOf(step.status),
      // 0 stands for "none" too: a failed step never ends with it.
      exitCode: step.exitCode === 0 ? undefined : (step.exitCode ?? undefined),
      seconds: secondsBetween(step.timing?.startTime, step.timing?.endTime),
    })),
    logUrl: build.logUrl ?? '',
    createTime: new Date(millis(build.createTime) ?? 0).toISOString(),
    approvedAt: isoTime(build.approval?.result?.approvalTime),
    seconds: secondsBetween(build.startTime, build.finishTime),
    digests: (build.results?.images ?? []).flatMap(({ digest }) => (digest ? [digest] : [])),
  };
}

/** A value in a filter: a branch may have quotes in its name. */
const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;

/** Of builds with these substitutions. */
const filterOf = (having: Readonly<Record<string, string>>): string[] =>
  Object.entries(having).map(([name, value]) => `substitutions.${name}=${quoted(value)}`);

const hasEnded = ({ status }: CloudBuild): boolean =>
  status !== 'STATUS_UNKNOWN' && status !== 'PENDING' && status !== 'QUEUED' && status !== 'WORKING';

export function openBuilds(
  api: GoogleApi,
  project: string,
  region: string,
): Builds & OngoingBuilds & PushedBuilds {
  let client: Promise<CloudBuildClient> | undefined;
  const connect = (): Promise<CloudBuildClient> =>
    (client ??= import('@google-cloud/cloudbuild').then(
      ({ CloudBuildClient }) => new CloudBuildClient(api.clientOptions),
    ));
  // With `projectId` beside `parent` the client would ask the global path, which knows no regional builds.
  const parent = `projects/${project}/locations/${region}`;
  const list = async (filter: string): Promise<CloudBuild[]> => {
    const [builds] = await (await connect()).listBuilds({ parent, filter }, askAgain);
    return builds.map(readBuild);
  };
  /** Asks for a page when the one before is used up. The client's own iterator takes ten empty pages for the end. */
  async function* pages(filter: string): AsyncGenerator<CloudBuild> {
    const connected = await connect();
    let request: IListBuildsRequest | null = { parent, filter };
    while (request) {
      const [builds, next]: [IBuild[], IListBuildsRequest | null, unknown] = await connected.listBuilds(
        request,
        { ...askAgain, autoPaginate: false },
      );
      yield* builds.map(readBuild);
      request = next;
    }
  }
  const get = async (name: string): Promise<CloudBuild | undefined> => {
    try {
      const [build] = await (await connect()).getBuild({ name }, askAgain);
      return readBuild(build);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === 5 || code === 404) return undefined;
      throw error;
    }
  };
  return {
    get,
    ongoing: () => list('status="PENDING" OR status="QUEUED" OR status="WORKING"'),
    async cancel(name) {
      try {
        await (await connect()).cancelBuild({ name }, askAgain);
        return 'asked';
      } catch (cause) {
        // Over REST the error does not tell "it has ended" from "wrong request": the build itself does.
        const build = await get(name).catch(() => undefined);
        if (build && hasEnded(build)) return 'ended';
        throw new Error(`${name} cannot be cancelled: ${(cause as Error).message}`, { cause });
      }
    },
    createdSince: (time, having = {}) =>
      list([`create_time>="${time.toISOString()}"`, ...filterOf(having)].join(' AND ')),
    ofCommit: (commit) => list(`substitutions.COMMIT_SHA="${commit}"`),
    ofBranch: (branch, having) => pages(filterOf({ BRANCH_NAME: branch, ...having }).join(' AND ')),
    async triggers() {
      const [found] = await (await connect()).listBuildTriggers({ parent }, askAgain);
      return found.map((trigger) => ({
        name: trigger.name ?? '',
        repository: `${trigger.github?.owner ?? ''}/${trigger.github?.name ?? ''}`,
        disabled: trigger.disabled ?? false,
        substitutions: trigger.substitutions ?? {},
        includedFiles: trigger.includedFiles ?? [],
        ignoredFiles: trigger.ignoredFiles ?? [],
      }));
    },
  };
}
