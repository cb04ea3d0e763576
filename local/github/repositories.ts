import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Table } from '../core/state.ts';
import type { Git } from './git.ts';
import { listRefs } from './refs.ts';

/** A repository as it is stored; its branches and default branch live in git alone. */
export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly description: string | null;
  readonly private: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly pushedAtMs: number;
}

export interface Repositories {
  /** By owner and name; letter case does not matter, as on GitHub. */
  find(owner: string, name: string): Repository | undefined;
  list(): Repository[];
  /** The bare repository's folder, whether it is there or not. */
  gitDir(owner: string, name: string): string;
  /** Makes the bare repository; the one that exists already is returned as it is. */
  create(
    owner: string,
    name: string,
    options?: { description?: string | null; private?: boolean },
  ): Promise<Repository>;
  /** Notes the time of a push and, as GitHub does, takes the first branch that ever came as the default one. */
  pushed(repository: Repository): Promise<void>;
  defaultBranch(repository: Repository): string;
}

/** GitHub's rules for names; they also keep every name a plain folder name. */
export const isOwnerName = (name: string): boolean => /^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/.test(name);
export const isRepositoryName = (name: string): boolean =>
  /^[A-Za-z0-9._-]{1,100}$/.test(name) && name !== '.' && name !== '..' && !/\.git$/i.test(name);

const keyOf = (owner: string, name: string): string => `${owner}/${name}`.toLowerCase();

export function createRepositories(
  git: Git,
  table: Table<Repository>,
  folder: string,
  now: () => number,
): Repositories {
  const find: Repositories['find'] = (owner, name) => table.get(keyOf(owner, name));
  const gitDir: Repositories['gitDir'] = (owner, name) => path.join(folder, `${keyOf(owner, name)}.git`);
  const defaultBranch: Repositories['defaultBranch'] = ({ owner, name }) =>
    readFileSync(path.join(gitDir(owner, name), 'HEAD'), 'utf8')
      .replace('ref: refs/heads/', '')
      .trim();
  return {
    find,
    list: () => table.values(),
    gitDir,
    defaultBranch,
    async create(owner, name, options = {}) {
      const target = gitDir(owner, name);
      if (!existsSync(target)) {
        // Renamed into place when complete: a process that dies here leaves nothing half made.
        const draft = `${target}.new`;
        rmSync(draft, { recursive: true, force: true });
        mkdirSync(draft, { recursive: true });
        await git.output(draft, ['init', '--quiet', '--bare', '--template=']);
        renameSync(draft, target);
      }
      const known = find(owner, name);
      if (known) return known;
      const repository: Repository = {
        id: Math.max(0, ...table.values().map(({ id }) => id)) + 1,
        owner,
        name,
        description: options.description ?? null,
        private: options.private ?? false,
        createdAtMs: now(),
        pushedAtMs: now(),
      };
      table.set(keyOf(owner, name), repository);
      return repository;
    },
    async pushed(repository) {
      const { owner, name } = repository;
      table.set(keyOf(owner, name), { ...repository, pushedAtMs: now() });
      const branches = await listRefs(git, gitDir(owner, name), 'refs/heads');
      const [first] = branches;
      if (first && !branches.some(({ ref }) => ref === `refs/heads/${defaultBranch(repository)}`)) {
        await git.output(gitDir(owner, name), ['symbolic-ref', 'HEAD', first.ref]);
      }
    },
  };
}
