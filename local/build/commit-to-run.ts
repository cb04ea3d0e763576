import { ApiError } from '../core/api-error.ts';
import type { GitHost } from '../core/links.ts';
import type { BuildTrigger } from './build-types.ts';
import type { Git } from './git.ts';
import type { TriggeredCommit } from './start-trigger.ts';

/** What RunBuildTrigger builds: names, no patterns. */
export interface RunSource {
  branchName?: string;
  tagName?: string;
  commitSha?: string;
  substitutions?: Record<string, string>;
}

function revisionOf({ branchName, tagName, commitSha }: RunSource): string {
  if (branchName !== undefined) return `refs/heads/${branchName}`;
  if (tagName !== undefined) return `refs/tags/${tagName}`;
  if (commitSha !== undefined) return commitSha;
  throw new ApiError(
    'INVALID_ARGUMENT',
    'source.branch_name, source.tag_name or source.commit_sha must say what to build',
  );
}

/** The commit that a trigger is run on by hand. INVALID_ARGUMENT or FAILED_PRECONDITION when there is none. */
export async function commitToRun(
  { github }: BuildTrigger,
  source: RunSource,
  git: Git,
  host: GitHost,
): Promise<TriggeredCommit> {
  const { owner = '', name: repository = '' } = github ?? {};
  const gitDir = host.gitDir(owner, repository);
  if (gitDir === undefined) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `the repository ${owner}/${repository} is not on the local GitHub: create it and push to it first`,
    );
  }
  const revision = revisionOf(source);
  const commit = await git.commitOf(gitDir, revision);
  if (commit === undefined) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `Couldn't read commit: ${owner}/${repository} has no ${revision}`,
    );
  }
  const at = { owner, repository, gitDir, commit };
  if (source.branchName !== undefined) return { ...at, ref: { kind: 'branch', name: source.branchName } };
  return source.tagName === undefined ? at : { ...at, ref: { kind: 'tag', name: source.tagName } };
}
