import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createGitHubRoom, type GitHubOptions } from '../../../local/github/github-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const run = promisify(execFile);

export interface GitHubCloud extends TestCloud {
  /** The head of `main` of acme/web. */
  readonly main: string;
  /** The head of `feature/x`. */
  readonly feature: string;
}

/** GitHub alone, with the repository acme/web: two branches of one commit each. */
export async function gitHubCloud(options: GitHubOptions = {}): Promise<GitHubCloud> {
  const cloud = await testCloud();
  await cloud.serve([createGitHubRoom(cloud.context, options).room]);
  const work = mkdtempSync(path.join(tmpdir(), 'slipway-github-'));
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(
      'git',
      ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args],
      {
        cwd: work,
        env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
      },
    );
    return stdout.trim();
  };
  await git('init', '-q', '-b', 'main');
  await git('commit', '-q', '--allow-empty', '-m', 'first');
  const main = await git('rev-parse', 'HEAD');
  await git('checkout', '-q', '-b', 'feature/x');
  await git('commit', '-q', '--allow-empty', '-m', 'on the side');
  const feature = await git('rev-parse', 'HEAD');
  await git('push', '-q', `${cloud.context.origin}/acme/web.git`, 'main', 'feature/x');
  rmSync(work, { recursive: true, force: true });
  return { ...cloud, main, feature };
}
