import type { Git } from './git.ts';

export interface Signature {
  readonly name: string;
  readonly email: string;
  /** `2026-01-31T12:00:00Z`, as GitHub writes it. */
  readonly date: string;
}

export interface CommitFile {
  readonly filename: string;
  readonly previousFilename?: string;
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed';
  /** The blob's id after the commit, or before it when the file was removed. */
  readonly sha: string;
  /** Counted in lines; 0 for binary files. */
  readonly additions: number;
  readonly deletions: number;
}

export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

/** GitHub's timestamps have no fractions of a second. */
export const githubTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

const nul = '\u0000';

/** The commit `sha` (a full SHA that is known to exist). */
export async function readCommit(git: Git, gitDir: string, sha: string): Promise<Commit> {
  const format = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'].join('%x00');
  const output = await git.output(gitDir, ['show', '--no-patch', `--format=${format}`, sha]);
  const [hash = '', tree = '', parents = '', an = '', ae = '', at = '', cn = '', ce = '', ct = '', ...rest] =
    output.split(nul);
  return {
    sha: hash,
    tree,
    parents: parents.split(' ').filter((parent) => parent !== ''),
    author: { name: an, email: ae, date: githubTime(Number(at) * 1000) },
    committer: { name: cn, email: ce, date: githubTime(Number(ct) * 1000) },
    message: rest.join(nul).trimEnd(),
  };
}

const statusOf: Readonly<Record<string, CommitFile['status']>> = {
  A: 'added',
  D: 'removed',
  M: 'modified',
  R: 'renamed',
  C: 'copied',
  T: 'changed',
};

/** Parses `git diff-tree -z --raw --numstat --no-abbrev`: first one record a file, then the line counts of each. */
export function parseDiffTree(output: string): CommitFile[] {
  const fields = output.split(nul);
  const files = new Map<string, CommitFile>();
  for (let field = fields.shift(); field !== undefined && field !== ''; field = fields.shift()) {
    if (field.startsWith(':')) {
      const [, , before = '', after = '', letter = ''] = field.split(' ');
      const status = statusOf[letter.charAt(0)] ?? 'changed';
      const previous = status === 'renamed' || status === 'copied' ? fields.shift() : undefined;
      const filename = fields.shift() ?? '';
      const sha = status === 'removed' ? before : after;
      files.set(filename, {
        filename,
        ...(previous === undefined ? {} : { previousFilename: previous }),
        status,
        sha,
        additions: 0,
        deletions: 0,
      });
    } else {
      const [additions = '', deletions = '', named = ''] = field.split('\t');
      // A rename leaves the name empty here; the old and the new one follow.
      if (named === '') fields.shift();
      const filename = named === '' ? (fields.shift() ?? '') : named;
      const file = files.get(filename);
      // Binary files are counted as "-".
      if (file) {
        files.set(filename, {
          ...file,
          additions: Number(additions) || 0,
          deletions: Number(deletions) || 0,
        });
      }
    }
  }
  return [...files.values()];
}

/** What the commit changed against its first parent, renames found. */
export async function commitFiles(git: Git, gitDir: string, commit: Commit): Promise<CommitFile[]> {
  const [parent] = commit.parents;
  const range = parent === undefined ? ['--root', commit.sha] : [parent, commit.sha];
  const flags = ['-r', '-M', '-z', '--raw', '--numstat', '--no-abbrev', '--no-commit-id'];
  return parseDiffTree(await git.output(gitDir, ['diff-tree', ...flags, ...range]));
}
