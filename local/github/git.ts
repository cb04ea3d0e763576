import { text } from 'node:stream/consumers';
import type { CloudContext } from '../core/context.ts';
import type { ManagedProcess } from '../core/processes.ts';

export interface GitResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine's `git`, run on a bare repository with no configuration but the one given here. */
export interface Git {
  /** Starts git with a standard input to write to; `env` comes on top of the usual one. */
  start(gitDir: string, args: readonly string[], env?: Readonly<Record<string, string>>): ManagedProcess;
  run(gitDir: string, args: readonly string[]): Promise<GitResult>;
  /** Standard output; throws with git's own words when it exits with another code than 0. */
  output(gitDir: string, args: readonly string[]): Promise<string>;
}

/** As GitHub's remote behaves: any reachable commit may be fetched, history may be rewritten, branches deleted. */
const settings = {
  // Repositories below the state folder are this program's own, whoever owns the folder.
  'safe.directory': '*',
  'init.defaultBranch': 'main',
  'gc.auto': '0',
  'receive.autogc': 'false',
  'uploadpack.allowFilter': 'true',
  'uploadpack.allowAnySHA1InWant': 'true',
} as const;

export function createGit(context: CloudContext, home: string, hooksFolder: string): Git {
  const config = Object.entries({ ...settings, 'core.hooksPath': hooksFolder }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const environment = {
    ...context.processEnvironment(home),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  };
  const spawn = (
    gitDir: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    stdin: 'pipe' | 'ignore',
  ): ManagedProcess =>
    context.processes.spawn({
      command: 'git',
      args: [...config, ...args],
      cwd: gitDir,
      env: { ...environment, ...env, GIT_DIR: gitDir },
      stdin,
    });
  const run: Git['run'] = async (gitDir, args) => {
    const child = spawn(gitDir, args, {}, 'ignore');
    const [stdout, stderr, { code }] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      child.exited,
    ]);
    return { code, stdout, stderr };
  };
  return {
    start: (gitDir, args, env = {}) => spawn(gitDir, args, env, 'pipe'),
    run,
    async output(gitDir, args) {
      const { code, stdout, stderr } = await run(gitDir, args);
      if (code === 0) return stdout;
      throw new Error(`git ${args[0] ?? ''} in ${gitDir} exited with ${code}: ${stderr.trim()}`);
    },
  };
}
