import type { CloudBuild } from '../platform/cloud-build.ts';
import { substitutions } from '../release/naming.ts';

/**
 * The purpose of the build that every push to a branch starts, whatever it changes. It does nothing: that there is one is
 * how the pipeline hears of a push that no other trigger takes.
 */
export const pushPurpose = 'push';

/** Of such a build: the branch that is released, from which the others part. */
export const releasedBranch = '_RELEASED_BRANCH';

export const isPushBuild = (build: CloudBuild, repository: string): boolean =>
  build.substitutions[substitutions.purpose] === pushPurpose &&
  build.repository === repository &&
  build.commit !== undefined;
