import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Octokit } from '@octokit/rest';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { openGitHub } from '../../../functions/platform/github.ts';
import { createGitHubRoom } from '../../../local/github/github-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const run = promisify(execFile);
const repo = { owner: 'acme', repo: 'shop' };
const shas: Record<'base' | 'two' | 'side' | 'many' | 'alien', string> = {
  base: '',
  two: '',
  side: '',
  many: '',
  alien: '',
};
let work: string;
let cloud: TestCloud;
let octokit: Octokit;

const git = async (...args: string[]): Promise<string> =>
  (
    await run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: work,
      env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    })
  ).stdout.trim();
const commit = async (files: Readonly<Record<string, string>>): Promise<string> => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
    writeFileSync(path.join(work, name), text);
  }
  await git('add', '.');
  await git('commit', '-q', '-m', Object.keys(files)[0] ?? 'nothing', '--allow-empty');
  return git('rev-parse', 'HEAD');
};

beforeAll(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'slipway-compare-'));
  cloud = await testCloud();
  await cloud.serve([createGitHubRoom(cloud.context).room]);
  octokit = new Octokit({
    auth: 'anything',
    baseUrl: cloud.context.origin,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  await git('init', '-q', '-b', 'main');
  shas.base = await commit({ 'a.txt': 'a\n'.repeat(20), 'src/b.txt': 'b\n' });
  await git('mv', 'a.txt', 'c.txt');
  await commit({ 'src/b.txt': 'c\n' });
  shas.two = await commit({ 'd.txt': 'd\n' });
  await git('checkout', '-q', '-b', 'feature/side', shas.base);
  shas.side = await commit({ 'side.txt': 's\n' });
  await git('checkout', '-q', '-b', 'many', shas.base);
  shas.many = await commit(
    Object.fromEntries(Array.from({ length: 301 }, (_, index) => [`many/${index}.txt`, `${index}\n`])),
  );
  await git('checkout', '-q', '--orphan', 'alien');
  shas.alien = await commit({ 'alien.txt': 'x\n' });
  await git('push', '-q', `${cloud.context.origin}/acme/shop.git`, 'main', 'feature/side', 'many', 'alien');
}, 60_000);
afterAll(async () => {
  await cloud.close();
  rmSync(work, { recursive: true, force: true });
});

const compare = async (basehead: string, page: { page?: number; per_page?: number } = {}) =>
  (await octokit.rest.repos.compareCommitsWithBasehead({ ...repo, basehead, ...page })).data;

describe('compare two commits', () => {
  test('ahead: commits oldest first, files from there to here, renames found', async () => {
    const data = await compare(`${shas.base}...main`);
    expect(data).toMatchObject({
      status: 'ahead',
      ahead_by: 2,
      behind_by: 0,
      total_commits: 2,
      base_commit: { sha: shas.base },
      merge_base_commit: { sha: shas.base },
    });
    expect(data.commits.at(-1)?.sha).toBe(shas.two);
    expect(data.files?.map(({ filename, previous_filename: before }) => [filename, before])).toEqual([
      ['c.txt', 'a.txt'],
      ['d.txt', undefined],
      ['src/b.txt', undefined],
    ]);
  });

  test.each<[string, () => string, string, number, string[]]>([
    ['behind', () => `main...${shas.base}`, 'behind', 0, []],
    ['identical', () => `main...${shas.two}`, 'identical', 0, []],
    ['diverged: since they parted', () => 'main...feature/side', 'diverged', 1, ['side.txt']],
  ])('%s', async (_what, basehead, status, ahead, files) => {
    const data = await compare(basehead());
    expect(data).toMatchObject({ status, ahead_by: ahead });
    expect(data.files?.map(({ filename }) => filename)).toEqual(files);
  });

  test('no more than 300 files, and those on the first page only', async () => {
    expect((await compare(`main...many`, { per_page: 1 })).files).toHaveLength(300);
    const second = await compare(`${shas.base}...main`, { per_page: 1, page: 2 });
    expect([second.commits.map(({ sha }) => sha), second.files]).toEqual([[shas.two], []]);
  });

  test.each([
    ['main...none', 'Not Found'],
    ['main', 'Not Found'],
    ['main...other:main', 'Not Found'],
    ['main...alien', 'No common ancestor between main and alien.'],
  ])('%s: %s', async (basehead, message) => {
    await expect(compare(basehead)).rejects.toMatchObject({ status: 404, response: { data: { message } } });
  });
});

describe('as the pipeline asks', () => {
  const changes = (base: string, head: string) =>
    openGitHub({
      apiUrl: cloud.context.origin,
      token: 'anything',
      repository: { owner: 'acme', name: 'shop' },
    }).changes(base, head);

  test.each<[string, () => [string, string], unknown]>([
    [
      'both names of a rename',
      () => [shas.base, shas.two],
      { files: ['a.txt', 'c.txt', 'd.txt', 'src/b.txt'], truncated: false, isForward: true },
    ],
    ['forced away', () => [shas.two, shas.side], { files: ['side.txt'], truncated: false, isForward: false }],
    ['a commit that is gone', () => ['f'.repeat(40), shas.two], undefined],
    ['nothing in common', () => [shas.alien, shas.two], undefined],
  ])('%s', async (_what, commits, expected) => {
    expect(await changes(...commits())).toEqual(expected);
  });

  test('more files than GitHub lists', async () => {
    expect(await changes('main', shas.many)).toMatchObject({ truncated: true });
  });
});
