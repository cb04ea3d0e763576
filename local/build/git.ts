import type { ManagedProcess, Processes } from '../core/processes.ts';
import type { GitPush } from '../core/links.ts';

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Questions to the repositories of this machine. Every method throws when git itself fails. */
export interface Git {
  run(args: readonly string[], options?: { cwd?: string; signal?: AbortSignal }): Promise<GitResult>;
  /** The commit that a branch, tag or SHA names; undefined when there is none. */
  commitOf(gitDir: string, revision: string): Promise<string | undefined>;
  commitMessage(gitDir: string, commit: string): Promise<string>;
  /** The file's text in that commit; undefined when the commit has no such file. */
  fileAt(gitDir: string, commit: string, file: string): Promise<string | undefined>;
  /** The files that a push changed; for a new ref, those of the commits that no other ref holds. */
  changedFiles(gitDir: string, push: GitPush): Promise<string[]>;
}

/** What `before` and `after` of a push hold when there is no commit. */
export const noCommit = /^0{40}$/;

async function collect(process: ManagedProcess): Promise<GitResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  process.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  process.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const { code } = await process.exited;
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString('utf8').trim() };
}

const listOf = (output: Buffer): string[] =>
  output
    .toString('utf8')
    .split('\0')
    .filter((name) => name !== '');

/** `env` is the whole environment of the git processes, `folder` a place for them to start in. */
export function createGit(processes: Processes, env: Readonly<Record<string, string>>, folder: string): Git {
  const run: Git['run'] = async (args, { cwd = folder, signal } = {}) => {
    // The repositories are the local cloud's own, whoever owns the files on this machine.
    const all = ['-c', 'safe.directory=*', '-c', 'advice.detachedHead=false', ...args];
    const started = processes.spawn({
      command: 'git',
      args: all,
      cwd,
      env: { ...env, GIT_TERMINAL_PROMPT: '0' },
    });
    const abort = (): void => void started.stop(0);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    try {
      return await collect(started);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };
  const ask = async (gitDir: string, ...args: string[]): Promise<Buffer> => {
    const { code, stdout, stderr } = await run([`--git-dir=${gitDir}`, ...args]);
    if (code !== 0) throw new Error(`git ${args[0] ?? ''} in ${gitDir} failed with ${code}: ${stderr}`);
    return stdout;
  };
  const commitOf: Git['commitOf'] = async (gitDir, revision) => {
    const { code, stdout } = await run([
      `--git-dir=${gitDir}`,
      'rev-parse',
      '--verify',
      '--quiet',
      '--end-of-options',
      `${revision}^{commit}`,
    ]);
    return code === 0 ? stdout.toString('utf8').trim() : undefined;
  };
  return {
    run,
    commitOf,
    async commitMessage(gitDir, commit) {
      return (await ask(gitDir, 'log', '-1', '--format=%B', commit)).toString('utf8');
    },
    async fileAt(gitDir, commit, file) {
      const name = file.replace(/^(\.?\/)+/, '');
      const entry = (await ask(gitDir, 'ls-tree', '--full-tree', '-z', commit, '--', name)).toString('utf8');
      const blob = /^\d+ blob ([0-9a-f]+)\t/.exec(entry)?.[1];
      return blob === undefined ? undefined : (await ask(gitDir, 'cat-file', 'blob', blob)).toString('utf8');
    },
    async changedFiles(gitDir, { ref, before, after }) {
      const isKnown = !noCommit.test(before) && (await commitOf(gitDir, before)) !== undefined;
      if (isKnown) return listOf(await ask(gitDir, 'diff', '--name-only', '-z', before, after));
      const commits = ['log', '--name-only', '--format=', '-z', after, '--not', `--exclude=${ref}`, '--all'];
      return [...new Set(listOf(await ask(gitDir, ...commits)))];
    },
  };
}
