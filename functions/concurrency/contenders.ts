import { purposeOf, type BuildPurpose } from '../release/build-purpose.ts';
import { earliestBuild } from '../release/same-commit.ts';
import type { Builds, CloudBuild, OngoingBuilds } from '../platform/cloud-build.ts';
import type { Ledger } from '../release/ledger.ts';
import { releaseKey } from '../release/naming.ts';
import type { Release } from '../release/release.ts';
import type { Contender } from './release-turn.ts';

export interface ContenderPorts {
  readonly builds: Pick<Builds, 'createdSince' | 'ofCommit'> & Pick<OngoingBuilds, 'ongoing'>;
  readonly ledger: Pick<Ledger, 'release'>;
  /** `owner/name`. */
  readonly repository: string;
}

/** A release build and what it is for. */
export interface ReleaseBuild {
  readonly build: CloudBuild;
  readonly purpose: BuildPurpose;
}

/**
 * The build, and the other release builds of its service that matter to it: those under way, and those of commits that
 * may have been pushed after its own.
 */
export async function readContenders(
  ports: ContenderPorts,
  mine: ReleaseBuild,
): Promise<{ readonly me: Contender; readonly others: readonly Contender[] }> {
  const me = await contender(ports, mine);
  // In this order: a build that ends in between is seen twice, and not missed.
  const ongoing = await ports.builds.ongoing();
  const since = await ports.builds.createdSince(new Date(me.orderedAt ?? me.createTime));
  const builds = new Map([...ongoing, ...since].map((build) => [build.id, build]));
  builds.delete(mine.build.id);
  const rivals = [...builds.values()].flatMap((build): ReleaseBuild[] => {
    const purpose = purposeOf(build, ports.repository);
    const matters = ['QUEUED', 'WORKING', 'SUCCESS'].includes(build.status);
    return matters && purpose?.purpose === 'release' && purpose.service === mine.purpose.service
      ? [{ build, purpose }]
      : [];
  });
  return { me, others: await Promise.all(rivals.map((rival) => contender(ports, rival))) };
}

const hasFailed = ({ stage }: Release): boolean =>
  stage === 'failed' || stage === 'rolled-back' || stage === 'cancelled';

async function contender(
  ports: ContenderPorts,
  { build, purpose: { service, commit } }: ReleaseBuild,
): Promise<Contender> {
  const release = await ports.ledger.release(releaseKey(service, commit, build.id));
  return {
    id: build.id,
    commit,
    status: build.status,
    createTime: build.createTime,
    queuedAt: build.approvedAt ?? build.createTime,
    orderedAt: release?.orderedAt ?? (await unrecordedOrder(ports, build, service, commit)),
    succeeded: build.status === 'SUCCESS' && !(release && hasFailed(release)),
  };
}

/** What will be recorded, where the builds alone say it: see `pushedAt`. A rerun takes GitHub, which no build may ask. */
async function unrecordedOrder(
  { builds, repository }: ContenderPorts,
  build: CloudBuild,
  service: string,
  commit: string,
): Promise<string | undefined> {
  const first = earliestBuild(await builds.ofCommit(commit), service, repository);
  return !first || first.id === build.id || first.createTime >= build.createTime
    ? build.createTime
    : undefined;
}
