import type {
  Builds,
  CloudBuild,
  CloudBuildStatus,
  OngoingBuilds,
} from '../../../functions/platform/cloud-build.ts';
import { labels, releaseKey, substitutions, topics } from '../../../functions/release/naming.ts';
import { openLedger } from '../../../functions/release/ledger.ts';
import { policyAnnotation, type ReleasePolicy } from '../../../functions/release/policy.ts';
import { createCandidate } from '../../../scripts/builder/create-candidate.ts';
import type { Artifact } from './artifacts.ts';
import { deployments } from './deployments.ts';
import type { Dice } from './dice.ts';
import type { Messages } from './messages.ts';
import { crashes, type Invocation, type Processes } from './processes.ts';
import type { Run } from './run.ts';
import type { Store } from './store.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const repository = 'acme/shop';

/** How a build goes, if nobody cancels it. */
export type BuildCourse =
  'passes' | 'fails-before-deploy' | 'fails-after-deploy' | 'never-deploys' | 'times-out';

export interface BuildRequest {
  readonly id: string;
  readonly service: string;
  readonly commit: string;
  readonly branch: string;
  readonly course: BuildCourse;
  readonly digest: string;
  readonly artifact: Artifact;
  readonly policy: ReleasePolicy;
}

export interface WorldBuild extends BuildRequest {
  readonly createdAt: number;
  status: CloudBuildStatus;
  endedAt: number | undefined;
}

export interface WorldBuilds {
  builds(invocation: Invocation): Builds & OngoingBuilds;
  start(request: BuildRequest): WorldBuild;
  cancel(id: string): boolean;
  readonly all: readonly WorldBuild[];
}

const nameOf = (id: string): string => `projects/1/locations/europe-west1/builds/${id}`;

const read = (build: WorldBuild): CloudBuild => ({
  id: build.id,
  name: nameOf(build.id),
  status: build.status,
  statusDetail: '',
  failure: '',
  commit: build.commit,
  repository,
  branch: build.branch,
  substitutions: {
    [substitutions.service]: build.service,
    [substitutions.purpose]: 'release',
    COMMIT_SHA: build.commit,
    REPO_FULL_NAME: repository,
    BRANCH_NAME: build.branch,
  },
  steps: [],
  logUrl: `https://logs.example/${build.id}`,
  createTime: new Date(build.createdAt).toISOString(),
  seconds: build.endedAt === undefined ? undefined : (build.endedAt - build.createdAt) / 1000,
  digests: build.status === 'SUCCESS' ? [build.digest] : [],
});

/** Cloud Build: builds that wait, work, deploy with the pipeline's own step, test what they have deployed, and end. */
export function createBuilds(
  clock: VirtualClock,
  dice: Dice,
  trace: Trace,
  processes: Processes,
  run: Run,
  store: Store,
  messages: () => Messages,
): WorldBuilds {
  const all: WorldBuild[] = [];
  const running = new Map<string, { kill(): void }>();

  const enter = (build: WorldBuild, status: CloudBuildStatus): void => {
    if (build.endedAt !== undefined) return;
    build.status = status;
    if (status !== 'QUEUED' && status !== 'WORKING') {
      build.endedAt = clock.now();
      running.delete(build.id);
    }
    trace(`build ${build.id.slice(0, 8)} of ${build.service} is ${status}`);
    messages().publish(topics.builds, JSON.stringify({ id: build.id, name: nameOf(build.id), status }));
  };

  const seconds = (build: WorldBuild, part: string, low: number, high: number): number =>
    1000 * dice.between(`${part} of build ${build.id}`, low, high);

  const deploy = async (build: WorldBuild, invocation: Invocation): Promise<void> => {
    const key = releaseKey(build.service, build.commit, build.id);
    const annotation = build.artifact.nature === 'unreadable-policy' ? '{' : JSON.stringify(build.policy);
    const revision = {
      labels: { [labels.commit]: build.commit, [labels.build]: build.id },
      annotations: { [policyAnnotation]: annotation },
      artifact: build.artifact,
    };
    const image = `europe-west1-docker.pkg.dev/p/slipway/${build.service}@${build.digest}`;
    const surroundings = {
      now: () => invocation.now().getTime(),
      sleep: (milliseconds: number) => invocation.sleep(milliseconds),
    };
    // Its client asks again by itself: an error that is left would be the build's own end, and teach nothing.
    const patient: Invocation = {
      ...invocation,
      call: (what, effect) => invocation.call(what, effect, crashes),
    };
    const { now, sleep } = invocation;
    const records = openLedger(store.bucket(patient), { now, sleep });
    await createCandidate(
      { run: deployments(run, invocation, revision), records },
      { key, image, template: { revision: `${key.service}-${key.id}`, containers: [{ image }] } },
      surroundings,
    );
  };

  const work = async (build: WorldBuild, invocation: Invocation): Promise<CloudBuildStatus> => {
    await invocation.sleep(seconds(build, 'queue', 0.5, 10));
    enter(build, 'WORKING');
    await invocation.sleep(seconds(build, 'steps', 10, 90));
    if (build.course === 'fails-before-deploy') return 'FAILURE';
    if (build.course !== 'never-deploys') await deploy(build, invocation);
    await invocation.sleep(seconds(build, 'gate', 2, 60));
    if (build.course === 'fails-after-deploy') return 'FAILURE';
    if (build.course === 'times-out') return 'TIMEOUT';
    return 'SUCCESS';
  };

  /** False when it has ended already. */
  const cancel = (id: string): boolean => {
    const build = all.find((each) => each.id === id);
    if (!build || build.endedAt !== undefined) return false;
    const worker = running.get(id);
    enter(build, 'CANCELLED');
    worker?.kill();
    return true;
  };

  return {
    all,
    start(request) {
      const build: WorldBuild = { ...request, createdAt: clock.now(), status: 'QUEUED', endedAt: undefined };
      all.push(build);
      enter(build, 'QUEUED');
      let status: CloudBuildStatus = 'INTERNAL_ERROR';
      const worker = processes.start(
        {
          program: `build-${build.id}`,
          key: `build ${build.id.slice(0, 8)}`,
          actor: 'cloud-build',
          instances: 1,
        },
        async (invocation) => {
          status = await work(build, invocation);
        },
        (outcome) => {
          if (build.endedAt === undefined)
            enter(
              build,
              outcome.kind === 'failed' ? 'FAILURE' : outcome.kind === 'done' ? status : 'INTERNAL_ERROR',
            );
        },
      );
      running.set(build.id, worker);
      return build;
    },
    cancel,
    builds: (invocation) => ({
      get: (name) =>
        invocation.call(`build ${name.slice(-36, -28)}`, () => {
          const build = all.find(({ id }) => nameOf(id) === name);
          return build && read(build);
        }),
      createdSince: (time) =>
        invocation.call('builds', () =>
          all
            .filter(({ createdAt }) => createdAt >= time.getTime())
            .map(read)
            .reverse(),
        ),
      ongoing: () =>
        invocation.call('ongoing builds', () =>
          all
            .filter(({ endedAt }) => endedAt === undefined)
            .map(read)
            .reverse(),
        ),
      cancel: (name) =>
        invocation.call(`cancel ${name.slice(-36, -28)}`, () => {
          const build = all.find(({ id }) => nameOf(id) === name);
          return build && cancel(build.id) ? 'asked' : 'ended';
        }),
      ofCommit: (commit) =>
        invocation.call(`builds of ${commit.slice(0, 7)}`, () =>
          all
            .filter((build) => build.commit === commit)
            .map(read)
            .reverse(),
        ),
    }),
  };
}
