import type { Builds, CloudBuild, CloudBuildTrigger, PushedBuilds } from '../platform/cloud-build.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import { GitHubBusyError, type GitHub, type GitHubChanges } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { purposeOf } from '../release/build-purpose.ts';
import { statusContext, substitutions } from '../release/naming.ts';
import { buildRanks } from '../release/release.ts';
import { reportStatus, standingStatus } from '../release/statuses.ts';
import { decideUnaffected, type CheckedService, type Known } from './decide-unaffected.ts';
import { isPushBuild, pushPurpose, releasedBranch } from './push-build.ts';

export interface UnaffectedPorts {
  readonly builds: Pick<Builds, 'ofCommit'> & PushedBuilds;
  readonly bucket: Bucket;
  readonly github: Pick<GitHub, 'createStatus'> & GitHubChanges;
  readonly repository: string;
  readonly log: Log;
  now(): Date;
}

/** One push starts all its builds; after this long none is to come any more. */
const settledAfterMs = 60_000;

/** The services that have checks, by the triggers that start them. */
export const checkedServices = (
  triggers: readonly CloudBuildTrigger[],
  repository: string,
): CheckedService[] =>
  triggers.flatMap((trigger) => {
    const service = trigger.substitutions[substitutions.service];
    const ours =
      trigger.repository.toLowerCase() === repository.toLowerCase() &&
      trigger.substitutions[substitutions.purpose] === 'checks';
    return service === undefined || !ours || trigger.disabled
      ? []
      : [{ service, trigger: trigger.name, ...pathsOf(trigger) }];
  });

const pathsOf = ({ includedFiles, ignoredFiles }: CloudBuildTrigger) => ({ includedFiles, ignoredFiles });

/**
 * Says of each service that a push leaves alone what its checks are worth all the same: a required status that nobody
 * reports waits for ever. Does nothing for services whose checks were built. `build`: one of the push's own.
 * Why so: docs/decisions/0020-services-that-a-push-leaves-alone.md.
 */
export async function reportUnaffected(
  ports: UnaffectedPorts,
  build: CloudBuild,
  services: readonly CheckedService[],
): Promise<void> {
  const { commit } = build;
  if (commit === undefined) return;
  const open = await undecided(ports, commit, services);
  if (open.length === 0) return;

  const ofCommit = await ports.builds.ofCommit(commit);
  const built = new Set(
    ofCommit.flatMap((each) => {
      const purpose = purposeOf(each, ports.repository);
      return purpose?.purpose === 'checks' ? [purpose.service] : [];
    }),
  );
  const left = open.filter(({ service }) => !built.has(service));
  if (left.length === 0) return;

  // A rerun of the push's build, or the same commit on another branch, is no other push of it.
  const push = oldest(ofCommit.filter((each) => isPushBuild(each, ports.repository))) ?? build;
  const before = await commitBefore(ports, push);
  const isSettled =
    buildRanks[push.status] >= buildRanks.SUCCESS &&
    ports.now().getTime() - Date.parse(push.createTime) >= settledAfterMs;
  const github = isSettled ? unknownForTrouble(ports.github) : ports.github;
  const released = push.substitutions[releasedBranch] ?? '';
  const branch = once(() => since(github, released, commit));
  const judged = {
    before,
    changed: before === undefined ? await branch() : await between(github, before, commit),
    isSettled,
    logUrl: push.logUrl,
  };
  for (const checked of left) {
    const context = statusContext(checked.service, 'checks');
    const status = await decideUnaffected(checked, judged, {
      standing: async () =>
        before === undefined ? undefined : standingStatus(ports.bucket, before, context),
      branch,
    });
    if (status && (await reportStatus(ports, commit, status)) === 'refused')
      ports.log('ERROR', `GitHub does not take ${context} of ${commit}`);
  }
}

/**
 * What GitHub shows as passed stays so; anything else may still become better at the commit before. A success that was
 * only wished for is still to be posted.
 */
async function undecided(
  { bucket }: UnaffectedPorts,
  commit: string,
  services: readonly CheckedService[],
): Promise<CheckedService[]> {
  const standing = await Promise.all(
    services.map(({ service }) => standingStatus(bucket, commit, statusContext(service, 'checks'))),
  );
  return services.filter((_service, index) => {
    const said = standing[index];
    return said?.state !== 'success' || !said.isSaid;
  });
}

/** The commit that the branch had before a push: that of the last push of another one. */
async function commitBefore(
  { builds, repository }: UnaffectedPorts,
  push: CloudBuild,
): Promise<string | undefined> {
  for await (const each of builds.ofBranch(push.branch, { [substitutions.purpose]: pushPurpose }))
    if (isPushBuild(each, repository) && each.commit !== push.commit && each.createTime < push.createTime)
      return each.commit;
  return undefined;
}

const oldest = (builds: readonly CloudBuild[]): CloudBuild | undefined =>
  builds.toSorted((a, b) => (a.createTime < b.createTime ? -1 : 1))[0];

const unknown = { kind: 'unsure', why: 'GitHub does not know what has changed', files: [] } as const;
const cut = (files: readonly string[]): Known => ({
  kind: 'unsure',
  why: 'GitHub lists no more than 300 of the changed files',
  files,
});

/**
 * Where the difference of two commits is too large GitHub answers 500, however often it is asked: once Cloud Build has
 * decided, such an error means that GitHub does not know. That it cannot be asked now (a limit) stays an error.
 */
const unknownForTrouble = (github: GitHubChanges): GitHubChanges => ({
  changes: (base, head) =>
    github.changes(base, head).catch((error: unknown) => {
      if (error instanceof GitHubBusyError && error.retryAfterSeconds === 0) return undefined;
      throw error;
    }),
});

/** What a branch changes since it parted from another. */
async function since(github: GitHubChanges, base: string, head: string): Promise<Known> {
  const changes = base === '' ? undefined : await github.changes(base, head);
  if (!changes) return unknown;
  return changes.truncated ? cut(changes.files) : { kind: 'all', files: changes.files };
}

/**
 * What may differ between two commits. GitHub compares with where they parted: after a forced push what the older one had
 * and the newer one has not counts too.
 */
async function between(github: GitHubChanges, older: string, newer: string): Promise<Known> {
  const there = await github.changes(older, newer);
  const back = there && !there.isForward ? await github.changes(newer, older) : undefined;
  if (!there || (!there.isForward && !back)) return unknown;
  const files = [...new Set([...there.files, ...(back?.files ?? [])])];
  return there.truncated || back?.truncated === true ? cut(files) : { kind: 'all', files };
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => (reading ??= read());
}
