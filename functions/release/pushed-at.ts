import type { Builds, CloudBuild } from '../platform/cloud-build.ts';
import type { GitHub } from '../platform/github.ts';
import type { BuildPurpose } from './build-purpose.ts';
import { earliestBuild } from './same-commit.ts';

export interface PushPorts {
  readonly builds: Pick<Builds, 'ofCommit'>;
  readonly github: Pick<GitHub, 'branchHead'>;
  /** `owner/name`. */
  readonly repository: string;
}

/**
 * When the commit was pushed. Nothing links a rerun to its original, and none says whether a second build of an old commit
 * is a rerun from the console or a push back to it: the head of the branch does.
 */
export async function pushedAt(
  { builds, github, repository }: PushPorts,
  build: CloudBuild,
  { service, purpose, commit }: BuildPurpose,
): Promise<string> {
  const first = earliestBuild(await builds.ofCommit(commit), service, repository, purpose);
  if (!first || first.id === build.id || first.createTime >= build.createTime) return build.createTime;
  return (await github.branchHead(build.branch)) === commit ? build.createTime : first.createTime;
}
