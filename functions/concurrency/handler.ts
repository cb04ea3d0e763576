import { purposeOf, type BuildPurpose } from '../release/build-purpose.ts';
import { pushedAt } from '../release/pushed-at.ts';
import type { Builds, CloudBuild, OngoingBuilds } from '../platform/cloud-build.ts';
import type { Bucket } from '../platform/cloud-storage.ts';
import type { GitHub } from '../platform/github.ts';
import type { Log } from '../platform/log.ts';
import { throwFailures } from '../platform/one-by-one.ts';
import { cancelFor } from '../release/cancellation.ts';
import { overtakenChecks, type Overtaken, type PushedBuild } from './overtaken-checks.ts';
import { pushLine } from './push-line.ts';

export interface ConcurrencyPorts {
  readonly builds: Builds & OngoingBuilds;
  readonly github: Pick<GitHub, 'branchHead'>;
  readonly bucket: Bucket;
  /** `owner/name`: builds of other repositories are none of ours. */
  readonly repository: string;
  readonly log: Log;
}

interface ChecksBuild {
  readonly build: CloudBuild;
  readonly purpose: BuildPurpose;
  readonly line: string;
}

function checksAmong(builds: readonly CloudBuild[], repository: string): ChecksBuild[] {
  return builds.flatMap((build) => {
    const purpose = purposeOf(build, repository);
    const line = purpose?.purpose === 'checks' ? pushLine(build, purpose.service) : undefined;
    return purpose && line !== undefined ? [{ build, purpose, line }] : [];
  });
}

/**
 * A build has moved, or a tick: cancels the checks that a newer push has overtaken. Which build moved does not matter; all
 * that are ongoing are read anew, so that a lost or late message changes nothing.
 */
export async function cancelOvertakenChecks(ports: ConcurrencyPorts): Promise<void> {
  const ongoing = checksAmong(await ports.builds.ongoing(), ports.repository);
  const [oldest] = ongoing.map(({ build }) => build.createTime).sort();
  if (oldest === undefined) return;
  // Newer ones that have ended already count too.
  const all = checksAmong(await ports.builds.createdSince(new Date(oldest)), ports.repository);

  const failures: unknown[] = [];
  for (const line of new Set(ongoing.map((each) => each.line))) {
    const members = all.filter((each) => each.line === line);
    // One line that cannot be looked at must not keep the others from it.
    await cancelOvertaken(ports, members).catch((error: unknown) => failures.push(error));
  }
  throwFailures(failures, 'of the lines of pushes could not be looked at');
}

async function cancelOvertaken(ports: ConcurrencyPorts, line: readonly ChecksBuild[]): Promise<void> {
  const asCreated = line.map(({ build, purpose }): PushedBuild => ({
    build,
    commit: purpose.commit,
    pushedAt: build.createTime,
  }));
  // A push comes at the latest when its build is created: where nothing is overtaken by that, nothing is.
  if (overtakenChecks(asCreated).length === 0) return;
  const pushed = await Promise.all(
    line.map(async ({ build, purpose }): Promise<PushedBuild> => ({
      build,
      commit: purpose.commit,
      pushedAt: await pushedAt(ports, build, purpose),
    })),
  );
  const outcomes = await Promise.allSettled(overtakenChecks(pushed).map((each) => cancel(ports, each)));
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  throwFailures(refused, 'builds could not be cancelled');
}

async function cancel(ports: ConcurrencyPorts, { build, by }: Overtaken): Promise<void> {
  const outcome = await cancelFor(ports, build, { by: by.build.id, commit: by.commit });
  if (outcome === 'ended') return;
  ports.log('INFO', `cancelled checks build ${build.id}: ${by.commit.slice(0, 7)} was pushed after it`, {
    build: build.id,
    by: by.build.id,
  });
}
