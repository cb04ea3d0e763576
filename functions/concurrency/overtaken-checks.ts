import type { CloudBuild } from '../platform/cloud-build.ts';
import { buildRanks } from '../release/release.ts';

/** A checks build of one line of pushes. */
export interface PushedBuild {
  readonly build: CloudBuild;
  readonly commit: string;
  /** See `pushedAt`. */
  readonly pushedAt: string;
}

export interface Overtaken {
  readonly build: CloudBuild;
  /** The newest push. */
  readonly by: PushedBuild;
}

export const isOngoing = ({ status }: Pick<CloudBuild, 'status'>): boolean =>
  buildRanks[status] < buildRanks.SUCCESS;

/** A total order: ids differ. */
const creation = ({ build }: PushedBuild): string => `${build.createTime} ${build.id}`;
const order = (pushed: PushedBuild): string => `${pushed.pushedAt} ${creation(pushed)}`;

/**
 * The builds of a line that nobody waits for any more: ongoing, and another commit was pushed after theirs and built after
 * them. It is both that counts: a rerun of an old commit is created last and cancels nothing, and nothing cancels it. So
 * the build that was created last always stays, and what ends is the same in whatever order the builds are heard of.
 */
export function overtakenChecks(line: readonly PushedBuild[]): Overtaken[] {
  return line
    .filter(({ build }) => isOngoing(build))
    .flatMap((old) => {
      const [by] = line
        .filter(
          (other) =>
            other.commit !== old.commit && creation(other) > creation(old) && order(other) > order(old),
        )
        .sort((a, b) => (order(a) < order(b) ? 1 : -1));
      return by ? [{ build: old.build, by }] : [];
    });
}
