import { parseDiffTree, readCommit, type Commit, type CommitFile } from './commits.ts';
import type { Git } from './git.ts';

/** How two commits relate, seen from the first. */
export interface Comparison {
  readonly base: Commit;
  readonly head: Commit;
  readonly mergeBase: Commit;
  readonly status: 'ahead' | 'behind' | 'diverged' | 'identical';
  readonly aheadBy: number;
  readonly behindBy: number;
  /** The commits of `head` that `base` has not, the oldest first. */
  readonly commits: readonly string[];
  /** What changed from the merge base to `head`. */
  readonly files: readonly CommitFile[];
}

/** As many as GitHub lists; the rest is left out without a word, there and here. */
const maxFiles = 300;

/** Compares two commits, given by full SHA; undefined when they have no commit in common. */
export async function compareCommits(
  git: Git,
  gitDir: string,
  base: string,
  head: string,
): Promise<Comparison | undefined> {
  const merged = await git.run(gitDir, ['merge-base', base, head]);
  if (merged.code === 1) return undefined;
  if (merged.code !== 0)
    throw new Error(`git merge-base in ${gitDir} exited with ${merged.code}: ${merged.stderr.trim()}`);
  const mergeBase = merged.stdout.trim();
  const listed = async (range: string): Promise<string[]> =>
    (await git.output(gitDir, ['rev-list', '--reverse', '--topo-order', range]))
      .split('\n')
      .filter((sha) => sha !== '');
  const ahead = await listed(`${base}..${head}`);
  const behind = await listed(`${head}..${base}`);
  const flags = ['-r', '-M', '-z', '--raw', '--numstat', '--no-abbrev', '--no-commit-id'];
  const files = parseDiffTree(await git.output(gitDir, ['diff-tree', ...flags, mergeBase, head]));
  return {
    base: await readCommit(git, gitDir, base),
    head: await readCommit(git, gitDir, head),
    mergeBase: await readCommit(git, gitDir, mergeBase),
    status: statusOf(ahead.length, behind.length),
    aheadBy: ahead.length,
    behindBy: behind.length,
    commits: ahead,
    files: files.slice(0, maxFiles),
  };
}

function statusOf(ahead: number, behind: number): Comparison['status'] {
  if (ahead > 0) return behind > 0 ? 'diverged' : 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}
