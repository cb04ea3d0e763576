import { siblingsOf } from '../../functions/release/same-commit.ts';
import { purposeOf } from '../../functions/release/build-purpose.ts';
import { cancelFor } from '../../functions/release/cancellation.ts';
import { readContenders, type ReleaseBuild } from '../../functions/concurrency/contenders.ts';
import { decideTurn, type Contender, type Turn } from '../../functions/concurrency/release-turn.ts';
import { openBuilds, type Builds, type OngoingBuilds } from '../../functions/platform/cloud-build.ts';
import { openBucket, type Bucket } from '../../functions/platform/cloud-storage.ts';
import { openLedger } from '../../functions/release/ledger.ts';
import { formatErrors } from '../pipeline/errors.ts';
import { stateBucket } from '../pipeline/pipeline.ts';
import { readPipelineFile } from '../pipeline/read.ts';
import { noNames, readCommandLine, UsageError, type Command, type Surroundings } from './command.ts';

const waitSeconds = 1800;
const lookMs = 5_000;
const progressSeconds = 30;
/** How long Cloud Build may take to end a build that has asked for it. */
const endSeconds = 120;

/** Lets the releases of one service through one after the other, in the order of their pushes. */
export const awaitTurn: Command = {
  name: 'await-turn',
  summary: 'waits until no earlier release of the service is under way; ends one that is overtaken',
  help: `builder await-turn --build NAME --environment ENVIRONMENT

Releases of one service push and deploy one at a time, in the order in which their commits were
pushed; everything before that may run side by side. Waits, ${waitSeconds / 60} minutes at most, for the
release builds of the service that were queued before this one. When a later push has come
meanwhile, this build cancels itself: there is nothing left for it to do. A member of a
release set does not make room for later pushes: the others would be held back with it.

The builds themselves are the lock. A build that has ended, however it did, holds nothing.

  --build NAME               this build: projects/PROJECT/locations/REGION/builds/ID
  --environment ENVIRONMENT  one of the environments in pipeline.yaml`,

  async run(args, around) {
    const line = readCommandLine(args, ['build', 'environment']);
    noNames(line);
    const { project, region } = readBuildName(line.options.build);
    const builds = openBuilds(around.api, project, region);
    const bucket = openBucket(around.api, stateBucket({ project }));
    const mine = await readOwn(builds, line.options.build);
    const yields = !(await goesOutWithOthers(builds, mine, around.folder, line.options.environment));

    const turn = await untilDecided({ builds, bucket }, mine, yields, around);
    if (turn.kind === 'go') {
      around.print('it is the turn of this release');
      return 0;
    }
    return await giveWay({ builds, bucket }, mine, turn.by, around);
  },
};

interface Ports {
  readonly builds: Builds & OngoingBuilds;
  readonly bucket: Bucket;
}

const short = ({ id, commit }: Pick<Contender, 'id' | 'commit'>): string =>
  `build ${id} of commit ${commit.slice(0, 7)}`;

function readBuildName(name: string): { project: string; region: string } {
  const [, project, region] = /^projects\/([^/]+)\/locations\/([^/]+)\/builds\/[^/]+$/.exec(name) ?? [];
  if (project === undefined || region === undefined)
    throw new UsageError(
      `--build must have the form projects/PROJECT/locations/REGION/builds/ID, not ${name}`,
    );
  return { project, region };
}

async function readOwn(builds: Builds, name: string): Promise<ReleaseBuild> {
  const build = await builds.get(name);
  if (!build) throw new Error(`${name} does not exist; --build has to name the build that the step is of`);
  const purpose = purposeOf(build, build.repository ?? '');
  if (purpose?.purpose === 'release') return { build, purpose };
  throw new Error(
    `${name} does not say which release it is; start it by its trigger, which sets _SERVICE, _PURPOSE, COMMIT_SHA and REPO_FULL_NAME`,
  );
}

/** Whether the commit is built for other services too that go out together with this one. */
async function goesOutWithOthers(
  builds: Builds,
  { build, purpose: { service, commit } }: ReleaseBuild,
  folder: string,
  environment: string,
): Promise<boolean> {
  const loaded = await readPipelineFile(folder, environment);
  if (!loaded.ok) throw new Error(`pipeline.yaml cannot be used:\n${formatErrors(loaded.errors)}`);
  const set = loaded.pipeline.releaseSets.find((each) => each.includes(service)) ?? [];
  if (set.length === 0) return false;
  const siblings = siblingsOf(await builds.ofCommit(commit), service, build.repository ?? '');
  return siblings.some((sibling) => set.includes(sibling));
}

type Decided = Exclude<Turn, { kind: 'wait' | 'unplaced' }>;

async function untilDecided(
  { builds, bucket }: Ports,
  mine: ReleaseBuild,
  yields: boolean,
  { now, sleep, print }: Surroundings,
): Promise<Decided> {
  const ledger = openLedger(bucket, { now: () => new Date(now()), sleep });
  const ports = { builds, ledger, repository: mine.build.repository ?? '' };
  const started = now();
  let said: { text: string; at: number } | undefined;
  for (;;) {
    const { me, others } = await readContenders(ports, mine);
    const turn = decideTurn(me, others, { yields });
    if (turn.kind === 'go' || turn.kind === 'overtaken') return turn;
    const text =
      turn.kind === 'unplaced'
        ? 'the record of this rerun, which says when its commit was pushed'
        : turn.behind.map((other) => `${short(other)}, which is ${other.status}`).join(' and ');
    const seconds = Math.round((now() - started) / 1000);
    if (seconds >= waitSeconds)
      throw new Error(
        turn.kind === 'unplaced'
          ? `${text} has not come within ${waitSeconds} s; see the log of slipway-build-status, then run this build again`
          : `this release has waited ${waitSeconds} s for ${text}; wait for its end or cancel it, then run this build again`,
      );
    if (said?.text !== text || now() - said.at >= progressSeconds * 1000) {
      said = { text, at: now() };
      print(`waiting for ${text} (${seconds} s of ${waitSeconds} s)`);
    }
    await sleep(lookMs);
  }
}

/** Ends this build with CANCELLED. That ends this process too: whatever is returned is for the case that it does not. */
async function giveWay(
  ports: Ports,
  { build }: ReleaseBuild,
  by: Contender,
  { now, sleep, print }: Surroundings,
): Promise<number> {
  print(`overtaken by ${short(by)}, which was pushed later: this build cancels itself, nothing is deployed`);
  const asked = now();
  try {
    await cancelFor(ports, build, { by: by.id, commit: by.commit });
  } catch (cause) {
    throw new Error(
      "this build could not cancel itself, and fails instead; its account needs roles/cloudbuild.builds.editor and to write to the state bucket's cancelled/",
      { cause },
    );
  }
  while (now() - asked < endSeconds * 1000) await sleep(lookMs);
  print(`Cloud Build has not ended this build within ${endSeconds} s: it fails instead`);
  return 1;
}
