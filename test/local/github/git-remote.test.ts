import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { GitPush } from '../../../local/core/links.ts';
import { createGitHubRoom, type GitHubRoom } from '../../../local/github/github-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const run = promisify(execFile);
const zeros = '0'.repeat(40);

let work: string;
let cloud: TestCloud;
let github: GitHubRoom;
let pushes: GitPush[];
let waiting: (() => void)[];

const env = {
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  GIT_TERMINAL_PROMPT: '0',
};
const git = async (folder: string, ...args: string[]): Promise<{ out: string; err: string }> => {
  const { stdout, stderr } = await run('git', args, { cwd: path.join(work, folder), env });
  return { out: stdout.trim(), err: stderr };
};

/** A clone-to-be with one commit; returns its SHA. */
async function workingCopy(folder: string, remote: string): Promise<string> {
  mkdirSync(path.join(work, folder));
  await git(folder, 'init', '-q', '-b', 'main');
  await git(folder, 'remote', 'add', 'origin', `${cloud.context.origin}/${remote}.git`);
  return commit(folder, 'first');
}

async function commit(folder: string, content: string | Buffer, file = 'file.txt'): Promise<string> {
  writeFileSync(path.join(work, folder, file), content);
  await git(folder, 'add', '.');
  await git(folder, 'commit', '-q', '-m', `commit ${file}`);
  return (await git(folder, 'rev-parse', 'HEAD')).out;
}

const listen = (to: GitHubRoom): void => {
  to.git.onPush((push) => {
    pushes.push(push);
    waiting.forEach((look) => {
      look();
    });
  });
};

/** Resolves once `count` pushes were announced: git is answered before anyone is told. */
const announced = (count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (pushes.length >= count) resolve();
    };
    waiting.push(look);
    look();
  });

beforeEach(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'slipway-git-'));
  pushes = [];
  waiting = [];
  cloud = await testCloud();
  github = createGitHubRoom(cloud.context);
  listen(github);
  await cloud.serve([github.room]);
});

afterEach(async () => {
  await cloud.close();
  rmSync(work, { recursive: true, force: true });
});

describe('pushing', () => {
  test('a first push makes the repository, tells where to watch, and is announced', async () => {
    const sha = await workingCopy('web', 'acme/web');
    expect(github.git.gitDir('acme', 'web')).toBeUndefined();
    const { err } = await git('web', 'push', 'origin', 'main');
    expect(err).toContain(`remote: main: watch it at ${cloud.context.origin}/acme/web/commit/${sha}`);
    await announced(1);
    expect(pushes).toEqual([
      { owner: 'acme', repository: 'web', ref: 'refs/heads/main', before: zeros, after: sha },
    ]);
    const gitDir = github.git.gitDir('acme', 'web');
    expect((await run('git', ['-C', String(gitDir), 'rev-parse', 'main'])).stdout.trim()).toBe(sha);
  });

  test('several refs of one push, a force push, a tag and the deletion of a branch', async () => {
    const first = await workingCopy('web', 'acme/web');
    await git('web', 'branch', 'feature/x');
    await git('web', 'push', '-q', 'origin', 'main', 'feature/x');
    await announced(2);
    await git('web', 'commit', '-q', '--amend', '-m', 'rewritten');
    const amended = (await git('web', 'rev-parse', 'HEAD')).out;
    await expect(git('web', 'push', '-q', 'origin', 'main')).rejects.toThrow('rejected');
    await git('web', 'push', '-q', '--force', 'origin', 'main');
    await announced(3);
    await git('web', 'tag', '-a', 'v1', '-m', 'one');
    await git('web', 'push', '-q', 'origin', 'v1', ':feature/x');
    await announced(5);
    const tag = (await git('web', 'rev-parse', 'v1')).out;
    expect(pushes.map(({ ref, before, after }) => [ref, before, after])).toEqual([
      ['refs/heads/feature/x', zeros, first],
      ['refs/heads/main', zeros, first],
      ['refs/heads/main', first, amended],
      ['refs/heads/feature/x', first, zeros],
      ['refs/tags/v1', zeros, tag],
    ]);
  });

  test('a push that changes nothing and one that is refused are not announced', async () => {
    await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    await git('web', 'push', '-q', 'origin', 'main');
    // git refuses to delete the default branch.
    await expect(git('web', 'push', '-q', 'origin', ':main')).rejects.toThrow(
      'refusing to delete the current branch',
    );
    const sha = await commit('web', 'second');
    await git('web', 'push', '-q', 'origin', 'main');
    await announced(2);
    expect(pushes.map(({ after }) => after)).toEqual([expect.any(String), sha]);
  });

  test('concurrent pushes to one repository all arrive, each announced once', async () => {
    await workingCopy('seed', 'acme/web');
    await git('seed', 'push', '-q', 'origin', 'main');
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const shas = await Promise.all(
      names.map(async (name) => {
        const sha = await workingCopy(name, 'acme/web');
        await git(name, 'checkout', '-q', '-b', name);
        return [`refs/heads/${name}`, sha] as const;
      }),
    );
    await Promise.all(names.map((name) => git(name, 'push', '-q', 'origin', name)));
    await announced(1 + names.length);
    expect(
      pushes
        .slice(1)
        .map(({ ref, after }) => [ref, after])
        .sort(),
    ).toEqual(shas.map((pair) => [...pair]));
  });

  test('of two concurrent pushes to one branch exactly one wins', async () => {
    await workingCopy('seed', 'acme/web');
    await git('seed', 'push', '-q', 'origin', 'main');
    await git('.', 'clone', '-q', `${cloud.context.origin}/acme/web.git`, 'one');
    await git('.', 'clone', '-q', `${cloud.context.origin}/acme/web.git`, 'two');
    const heads = [await commit('one', 'from one'), await commit('two', 'from two')];
    const results = await Promise.allSettled([git('one', 'push', 'origin'), git('two', 'push', 'origin')]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await announced(2);
    expect(heads).toContain(pushes[1]?.after);
    expect(pushes).toHaveLength(2);
  });

  test('large, incompressible content arrives in a chunked body', async () => {
    await workingCopy('web', 'acme/web');
    const noise = Buffer.alloc(3_000_000);
    for (let index = 0, seed = 1; index < noise.length; index += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      noise[index] = seed >> 16;
    }
    const sha = await commit('web', noise, 'noise.bin');
    await git('web', 'push', '-q', 'origin', 'main');
    await announced(1);
    expect(pushes[0]?.after).toBe(sha);
  });
});

describe('fetching', () => {
  test.each(['0', '1', '2'])('a clone over protocol %s', async (version) => {
    const sha = await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    const url = `${cloud.context.origin}/acme/web.git`;
    await git('.', '-c', `protocol.version=${version}`, 'clone', '-q', url, 'copy');
    expect((await git('copy', 'rev-parse', 'HEAD')).out).toBe(sha);
    expect((await git('copy', 'branch', '--show-current')).out).toBe('main');
  });

  test('a request that is sent compressed, as git does with long ones', async () => {
    const sha = await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    const answer = await fetch(`${cloud.context.origin}/acme/web.git/git-upload-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-upload-pack-request', 'content-encoding': 'gzip' },
      body: gzipSync(`0032want ${sha}\n00000009done\n`),
    });
    expect(await answer.text()).toMatch(/^0008NAK\nPACK/);
  });

  test('one commit by its SHA, shallow, as Cloud Build fetches', async () => {
    const sha = await workingCopy('web', 'acme/web');
    await commit('web', 'second');
    await git('web', 'push', '-q', 'origin', 'main');
    mkdirSync(path.join(work, 'build'));
    await git('build', 'init', '-q');
    await git('build', 'fetch', '-q', '--depth=1', `${cloud.context.origin}/acme/web.git`, sha);
    expect((await git('build', 'rev-parse', 'FETCH_HEAD')).out).toBe(sha);
  });
});

describe('what is refused', () => {
  test.each([
    ['a repository that is not there', '/acme/none.git/info/refs?service=git-upload-pack', 404],
    ['the dumb protocol', '/acme/none.git/info/refs', 403],
    ['a folder above', '/acme/..%2f..%2fsecrets.git/info/refs?service=git-receive-pack', 404],
    ['an owner that is a folder', '/..%2f..%2fa/web.git/info/refs?service=git-receive-pack', 404],
    ['a name that only dots make', '/acme/...git/info/refs?service=git-receive-pack', 404],
  ])('%s', async (_, url, status) => {
    expect((await fetch(`${cloud.context.origin}${url}`)).status).toBe(status);
  });

  test('asking about a repository does not make it', async () => {
    const answer = await fetch(`${cloud.context.origin}/acme/new.git/info/refs?service=git-receive-pack`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toMatch(/^001f# service=git-receive-pack\n0000/);
    expect(github.git.gitDir('acme', 'new')).toBeUndefined();
  });

  test('a push that a page in a browser could send', async () => {
    const answer = await fetch(`${cloud.context.origin}/acme/web.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '0000',
    });
    expect(answer.status).toBe(415);
    expect(github.git.gitDir('acme', 'web')).toBeUndefined();
  });

  test('a body that is not what its encoding says', async () => {
    await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    const answer = await fetch(`${cloud.context.origin}/acme/web.git/git-receive-pack`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-git-receive-pack-request', 'content-encoding': 'gzip' },
      body: 'no gzip',
    });
    await answer.arrayBuffer();
    const sha = await commit('web', 'later');
    await git('web', 'push', '-q', 'origin', 'main');
    await announced(2);
    expect(pushes[1]?.after).toBe(sha);
  });
});

describe('nothing is lost', () => {
  test('a push that nobody listened to is announced at the next start, and only once', async () => {
    await cloud.close({ keepState: true });
    const { stateFolder } = cloud;
    cloud = await testCloud({ stateFolder });
    await cloud.serve([createGitHubRoom(cloud.context).room]);
    const first = await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    const second = await commit('web', 'second');
    await git('web', 'push', '-q', 'origin', 'main');
    expect(first).not.toBe(second);

    for (const expected of [1, 1]) {
      await cloud.close({ keepState: true });
      cloud = await testCloud({ stateFolder });
      const again = createGitHubRoom(cloud.context);
      listen(again);
      await cloud.serve([again.room]);
      expect(pushes).toHaveLength(expected);
    }
    expect(pushes).toEqual([
      { owner: 'acme', repository: 'web', ref: 'refs/heads/main', before: zeros, after: second },
    ]);
  });

  test('a push whose listener failed is announced again with the next one', async () => {
    let failing = true;
    github.git.onPush(() => {
      if (failing) throw new Error('not now');
    });
    const first = await workingCopy('web', 'acme/web');
    await git('web', 'push', '-q', 'origin', 'main');
    await announced(1);
    failing = false;
    await git('web', 'branch', 'other');
    await git('web', 'push', '-q', 'origin', 'other');
    await announced(3);
    expect(pushes.map(({ ref, after }) => [ref, after])).toEqual([
      ['refs/heads/main', first],
      ['refs/heads/main', first],
      ['refs/heads/other', first],
    ]);
    expect(cloud.logged.join('\n')).toContain('not now');
  });

  test('a listener that comes late hears of what nobody heard of', async () => {
    await cloud.close();
    cloud = await testCloud();
    const late = createGitHubRoom(cloud.context);
    await cloud.serve([late.room]);
    const sha = await workingCopy('web', 'Acme/Web');
    await git('web', 'push', '-q', 'origin', 'main');
    listen(late);
    await announced(1);
    expect(pushes[0]).toMatchObject({ owner: 'Acme', repository: 'Web', after: sha });
    expect(late.git.gitDir('acme', 'WEB')).toBe(late.git.gitDir('Acme', 'Web'));
  });
});
