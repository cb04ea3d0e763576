import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { printable } from './style.ts';
import { UserError } from './user-error.ts';

const run = promisify(execFile);

/** Runs git in `folder`; its standard output. Nothing asks for a password, nothing goes through a proxy. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await run(
    'git',
    ['-C', folder, '-c', 'http.proxy=', '-c', 'credential.helper=', ...args],
    {
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
    },
  );
  return stdout;
}

export interface Commit {
  readonly sha: string;
  readonly subject: string;
}

/** The root of the working tree that `folder` is in. */
export async function workingTree(folder: string): Promise<string> {
  try {
    return (await git(folder, 'rev-parse', '--show-toplevel')).trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT')
      throw new UserError('git is not installed; install it and try again', { cause });
    throw new UserError(
      `${folder} is in no git repository; make one with "git init" and commit, or name another with --repo`,
    );
  }
}

export async function resolveCommit(folder: string, ref: string): Promise<Commit> {
  try {
    const [sha = '', subject = ''] = (await git(folder, 'log', '-1', '--format=%H%x00%s', ref, '--'))
      .trim()
      .split('\0');
    return { sha, subject: printable(subject) };
  } catch {
    throw new UserError(
      ref === 'HEAD'
        ? `${folder} has no commit yet; commit something first`
        : `${ref} is no commit of ${folder}; "git branch -a" and "git log" show what there is`,
    );
  }
}

/** A file as it stands in a commit; undefined when the commit has not got it. */
export async function fileAt(folder: string, sha: string, file: string): Promise<string | undefined> {
  try {
    return await git(folder, 'show', `${sha}:${file}`);
  } catch {
    return undefined;
  }
}

/** Tracked and untracked files with changes that no commit has. */
export async function uncommitted(folder: string): Promise<number> {
  return (await git(folder, 'status', '--porcelain')).split('\n').filter((line) => line !== '').length;
}

/** Makes `ref` of the remote what `sha` is, whatever it was. True when that changed something. */
export async function push(folder: string, remote: string, sha: string, ref: string): Promise<boolean> {
  const before = await git(folder, 'ls-remote', remote, ref).catch(() => '');
  if (before.startsWith(sha)) return false;
  try {
    await git(folder, 'push', '--force', '--no-verify', '--quiet', remote, `${sha}:${ref}`);
  } catch (cause) {
    throw new UserError(
      `git push to ${remote} failed: ${((cause as { stderr?: string }).stderr ?? (cause as Error).message).trim()}`,
      { cause },
    );
  }
  return true;
}
