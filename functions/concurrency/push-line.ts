import type { CloudBuild } from '../platform/cloud-build.ts';

/**
 * What a build's pushes follow one another on: a pull request, or else a branch, of one service. Undefined for a build of
 * a tag, or of a commit alone: no push comes after it. The branch of a pull request from a fork can have the name of
 * another one's, so the number comes first.
 */
export function pushLine(
  { substitutions, branch }: Pick<CloudBuild, 'substitutions' | 'branch'>,
  service: string,
): string | undefined {
  const { _PR_NUMBER: pullRequest = '', _HEAD_BRANCH: head = '' } = substitutions;
  if (pullRequest !== '') return `${service} pull request ${pullRequest}`;
  const name = branch === '' ? head : branch;
  return name === '' ? undefined : `${service} branch ${name}`;
}
