import type { Git } from './git.ts';

/** Full ref name → the object it names (a tag object's own id for annotated tags). */
export type Refs = Readonly<Record<string, string>>;

export interface RefChange {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

export interface GitRef {
  readonly ref: string;
  readonly sha: string;
  readonly type: string;
  /** The commit behind it: of an annotated tag, the one it points at. */
  readonly commit: string;
}

const nothing = '0'.repeat(40);

/** What happened to the refs between two looks, in the order of their names; 40 zeros stand for "is not there". */
export function refChanges(before: Refs, after: Refs): RefChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((ref) => ({ ref, before: before[ref] ?? nothing, after: after[ref] ?? nothing }))
    .filter((change) => change.before !== change.after);
}

/** Whether git could ever take `ref` as (part of) a ref's name; keeps revision syntax and patterns out. */
export function isRefName(ref: string): boolean {
  return (
    !Array.from(ref).some((character) => character <= ' ' || '~^:?*[\\\u007f'.includes(character)) &&
    !ref.includes('..') &&
    !ref.includes('@{') &&
    ref.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock')) &&
    !ref.startsWith('-') &&
    !ref.endsWith('.')
  );
}

/** The refs below `patterns` (full names or folders of them), in the order of their names. */
export async function listRefs(git: Git, gitDir: string, ...patterns: string[]): Promise<GitRef[]> {
  const format = '%(refname) %(objectname) %(objecttype) %(*objectname)';
  const lines = await git.output(gitDir, ['for-each-ref', `--format=${format}`, ...patterns]);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [ref = '', sha = '', type = '', peeled = ''] = line.split(' ');
      return { ref, sha, type, commit: peeled === '' ? sha : peeled };
    });
}

/** Branches and tags, as pushes are announced for them. */
export async function readRefs(git: Git, gitDir: string): Promise<Refs> {
  const refs = await listRefs(git, gitDir, 'refs/heads', 'refs/tags');
  return Object.fromEntries(refs.map(({ ref, sha }) => [ref, sha]));
}

/**
 * The commit that GitHub's API means by `ref`: a full SHA, a branch, a tag, `heads/…`, `tags/…`, `refs/…` or a short
 * SHA, in this order. Undefined when there is none.
 */
export async function resolveCommit(git: Git, gitDir: string, ref: string): Promise<string | undefined> {
  const bySha = async (): Promise<string | undefined> => {
    const { code, stdout } = await git.run(gitDir, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
    return code === 0 ? stdout.trim() : undefined;
  };
  if (/^[0-9a-f]{40}$/i.test(ref)) return bySha();
  if (!isRefName(ref)) return undefined;
  const candidates = [`refs/heads/${ref}`, `refs/tags/${ref}`, `refs/${ref}`, ref].filter((name) =>
    /^refs\/(heads|tags)\/./.test(name),
  );
  const found = await listRefs(git, gitDir, ...candidates);
  const hit = candidates
    .map((name) => found.find((one) => one.ref === name))
    .find((one) => one !== undefined);
  if (hit) return hit.commit;
  return /^[0-9a-f]{4,39}$/i.test(ref) ? bySha() : undefined;
}
