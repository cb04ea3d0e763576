import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Octokit, type RestEndpointMethodTypes } from '@octokit/rest';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../../local/core/clock.ts';
import { createGitHubRoom } from '../../../local/github/github-room.ts';
import { githubContentLimits } from '../../../local/github/rest.ts';
import { createStatuses } from '../../../local/github/statuses.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const run = promisify(execFile);
const absent = 'f'.repeat(40);
const repo = { owner: 'acme', repo: 'web' };

let work: string;
let cloud: TestCloud;
let octokit: Octokit;
const shas: Record<'first' | 'second' | 'feature', string> = { first: '', second: '', feature: '' };

const git = async (...args: string[]): Promise<string> =>
  (
    await run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: work,
      env: {
        PATH: process.env.PATH,
        HOME: '/nonexistent',
        GIT_CONFIG_NOSYSTEM: '1',
        TZ: 'UTC',
        GIT_AUTHOR_DATE: '2026-01-31T12:00:00+02:00',
      },
    })
  ).stdout.trim();

const client = (auth?: string): Octokit =>
  new Octokit({
    ...(auth === undefined ? {} : { auth }),
    baseUrl: cloud.context.origin,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });

/** What a refused call says. */
async function refusal(call: Promise<unknown>): Promise<{ status: number; data: unknown }> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const { status, response } = error as { status: number; response: { data: unknown } };
  return { status, data: response.data };
}

beforeAll(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'slipway-rest-'));
  cloud = await testCloud();
  await cloud.serve([createGitHubRoom(cloud.context).room]);
  octokit = client('anything');
  await git('init', '-q', '-b', 'main');
  writeFileSync(path.join(work, 'a.txt'), 'one\ntwo\n');
  writeFileSync(path.join(work, 'b.txt'), 'b\n'.repeat(20));
  await git('add', '.');
  await git('commit', '-q', '-m', 'first\n\nwith a body <b>& more</b>');
  shas.first = await git('rev-parse', 'HEAD');
  writeFileSync(path.join(work, 'a.txt'), 'one\nthree\nfour\n');
  await git('mv', 'b.txt', 'c.txt');
  await git('commit', '-q', '-a', '-m', 'second');
  shas.second = await git('rev-parse', 'HEAD');
  await git('checkout', '-q', '-b', 'feature/x', shas.first);
  await git('commit', '-q', '--allow-empty', '-m', 'on the side');
  shas.feature = await git('rev-parse', 'HEAD');
  await git('tag', '-a', 'v1', '-m', 'one', shas.first);
  await git('push', '-q', `${cloud.context.origin}/acme/web.git`, 'main', 'feature/x', 'v1');
});

afterAll(async () => {
  await cloud.close();
  rmSync(work, { recursive: true, force: true });
});

describe('repositories', () => {
  test('create for the user and an organisation, then get', async () => {
    const own = await octokit.rest.repos.createForAuthenticatedUser({ name: 'mine', description: 'of mine' });
    expect(own.status).toBe(201);
    expect(own.data).toMatchObject({ full_name: 'local/mine', description: 'of mine', private: false });
    await octokit.rest.repos.createInOrg({ org: 'Acme', name: 'Api', private: true });
    const { data } = await octokit.rest.repos.get({ owner: 'acme', repo: 'api' });
    expect(data).toMatchObject({
      full_name: 'Acme/Api',
      private: true,
      default_branch: 'main',
      clone_url: `${cloud.context.origin}/Acme/Api.git`,
    });
    expect((await octokit.rest.repos.listBranches({ owner: 'acme', repo: 'api' })).data).toEqual([]);
  });

  test.each([
    ['one that is there', { name: 'web' }, 'name already exists on this account'],
    ['a name with a slash', { name: '../x' }, 'name may hold ASCII'],
    ['an option it has not', { name: 'fresh', auto_init: true }, 'auto_init is not supported'],
  ])('refuses %s', async (_, body, message) => {
    const { status, data } = await refusal(octokit.rest.repos.createInOrg({ org: 'acme', ...body }));
    expect(status).toBe(422);
    expect(JSON.stringify(data)).toContain(message);
  });

  test('one that is not there answers in the form of GitHub', async () => {
    expect(await refusal(octokit.rest.repos.get({ owner: 'acme', repo: 'none' }))).toEqual({
      status: 404,
      data: {
        message: 'Not Found',
        documentation_url: expect.stringContaining('docs.github.com'),
        status: '404',
      },
    });
  });

  test('the first branch that comes is the default one', async () => {
    await git('push', '-q', `${cloud.context.origin}/acme/other.git`, 'HEAD:refs/heads/trunk');
    expect((await octokit.rest.repos.get({ owner: 'acme', repo: 'other' })).data.default_branch).toBe(
      'trunk',
    );
  });
});

describe('commits', () => {
  test('author, message, files and counts', async () => {
    const { data } = await octokit.rest.repos.getCommit({ ...repo, ref: shas.second });
    expect(data.commit.author).toEqual({
      name: 'Ada',
      email: 'ada@example.com',
      date: '2026-01-31T10:00:00Z',
    });
    expect(data.commit.message).toBe('second');
    expect(data.parents.map(({ sha }) => sha)).toEqual([shas.first]);
    expect(data.stats).toEqual({ total: 3, additions: 2, deletions: 1 });
    expect(
      data.files?.map(({ filename, status, previous_filename }) => [filename, status, previous_filename]),
    ).toEqual([
      ['a.txt', 'modified', undefined],
      ['c.txt', 'renamed', 'b.txt'],
    ]);
  });

  test('the first commit of all has files too', async () => {
    const { data } = await octokit.rest.repos.getCommit({ ...repo, ref: shas.first });
    expect(data.commit.message).toBe('first\n\nwith a body <b>& more</b>');
    expect(data.files?.map(({ filename, additions }) => [filename, additions])).toEqual([
      ['a.txt', 2],
      ['b.txt', 20],
    ]);
  });

  test.each<[string, () => string, keyof typeof shas]>([
    ['a branch', () => 'main', 'second'],
    ['a branch with a slash', () => 'feature/x', 'feature'],
    ['heads/…', () => 'heads/feature/x', 'feature'],
    ['refs/heads/…', () => 'refs/heads/main', 'second'],
    ['an annotated tag', () => 'v1', 'first'],
    ['tags/…', () => 'tags/v1', 'first'],
    ['a short SHA', () => shas.second.slice(0, 7), 'second'],
  ])('by %s', async (_, ref, expected) => {
    const { data } = await octokit.rest.repos.getCommit({ ...repo, ref: ref() });
    expect(data.sha).toBe(shas[expected]);
  });

  test.each(['none', 'main~1', 'main^{tree}', '--all', absent])('not by %s', async (ref) => {
    expect(await refusal(octokit.rest.repos.getCommit({ ...repo, ref }))).toMatchObject({
      status: 422,
      data: { message: `No commit found for SHA: ${ref}` },
    });
  });
});

describe('branches and refs', () => {
  test('list and get', async () => {
    const { data } = await octokit.rest.repos.listBranches({ ...repo });
    expect(data.map(({ name, commit }) => [name, commit.sha])).toEqual([
      ['feature/x', shas.feature],
      ['main', shas.second],
    ]);
    const branch = await octokit.rest.repos.getBranch({ ...repo, branch: 'feature/x' });
    expect(branch.data.commit).toMatchObject({ sha: shas.feature, commit: { message: 'on the side' } });
    expect(await refusal(octokit.rest.repos.getBranch({ ...repo, branch: 'feature' }))).toMatchObject({
      status: 404,
      data: { message: 'Branch not found' },
    });
  });

  test('git refs', async () => {
    const { data } = await octokit.rest.git.getRef({ ...repo, ref: 'heads/feature/x' });
    expect(data).toMatchObject({
      ref: 'refs/heads/feature/x',
      object: { type: 'commit', sha: shas.feature },
    });
    const tag = await octokit.rest.git.getRef({ ...repo, ref: 'tags/v1' });
    expect(tag.data.object.type).toBe('tag');
    expect((await refusal(octokit.rest.git.getRef({ ...repo, ref: 'heads/feature' }))).status).toBe(404);
    const matching = await octokit.rest.git.listMatchingRefs({ ...repo, ref: 'heads/fea' });
    expect(matching.data.map(({ ref }) => ref)).toEqual(['refs/heads/feature/x']);
  });
});

describe('statuses', () => {
  type Parameters = RestEndpointMethodTypes['repos']['createCommitStatus']['parameters'];
  type NewStatus = Pick<Parameters, 'state' | 'context' | 'description' | 'target_url'>;
  const set = (sha: string, status: NewStatus) =>
    octokit.rest.repos.createCommitStatus({ ...repo, sha, ...status });

  test('newest first; the latest of each context counts, whatever its letters', async () => {
    const pending = await set(shas.first, { state: 'pending', context: 'slipway/web/build' });
    expect(pending.status).toBe(201);
    expect(pending.data).toMatchObject({ state: 'pending', description: null, target_url: null });
    await set(shas.first, { state: 'success', description: 'fine', target_url: 'http://127.0.0.1:1/x' });
    const done = await set(shas.first, {
      state: 'success',
      context: 'Slipway/WEB/build',
      description: 'built',
    });
    expect(done.data.id).toBeGreaterThan(pending.data.id);
    const list = await octokit.rest.repos.listCommitStatusesForRef({ ...repo, ref: 'v1' });
    expect(list.data.map(({ context, state }) => [context, state])).toEqual([
      ['Slipway/WEB/build', 'success'],
      ['default', 'success'],
      ['slipway/web/build', 'pending'],
    ]);
    const combined = await octokit.rest.repos.getCombinedStatusForRef({ ...repo, ref: shas.first });
    expect(combined.data).toMatchObject({ state: 'success', total_count: 2, sha: shas.first });
    expect(combined.data.repository.full_name).toBe('acme/web');
    await set(shas.first, { state: 'error', context: 'other' });
    expect((await octokit.rest.repos.getCombinedStatusForRef({ ...repo, ref: 'v1' })).data.state).toBe(
      'failure',
    );
  });

  test('none at all is pending', async () => {
    const { data } = await octokit.rest.repos.getCombinedStatusForRef({ ...repo, ref: 'main' });
    expect(data).toMatchObject({ state: 'pending', total_count: 0, statuses: [] });
  });

  test('pages with links, as the paginator of Octokit follows them', async () => {
    const descriptions = Array.from({ length: 65 }, (_, index) => String(index));
    for (const description of descriptions) await set(shas.feature, { state: 'pending', description });
    const first = await octokit.rest.repos.listCommitStatusesForRef({ ...repo, ref: 'feature/x' });
    expect(first.data).toHaveLength(30);
    expect(first.headers.link).toMatch(/page=2>; rel="next", <.*page=3>; rel="last"/);
    const all = await octokit.paginate(octokit.rest.repos.listCommitStatusesForRef, {
      ...repo,
      ref: 'feature/x',
      per_page: 20,
    });
    expect(all.map(({ description }) => description)).toEqual(descriptions.toReversed());
  });

  test('at most 1000 of one context of a commit, whatever its letters', () => {
    const statuses = createStatuses(cloud.context.table('test', 'statuses'), () => 0);
    const add = (sha: string, context: string): unknown =>
      statuses.add(1, sha, { state: 'success', context, description: null, targetUrl: null }, 'local');
    for (let index = 0; index < 1_000; index += 1) add('a', index % 2 ? 'many' : 'MANY');
    expect(() => add('a', 'Many')).toThrow(
      expect.objectContaining({
        status: 422,
        errors: [
          expect.objectContaining({
            message: 'This SHA and context has reached the maximum number of statuses.',
          }),
        ],
      }),
    );
    expect(add('a', 'another')).toMatchObject({ id: 1_001 });
    expect(add('b', 'many')).toMatchObject({ id: 1_002 });
  });

  const wrong = (status: object): NewStatus => status as NewStatus;
  test.each<[string, NewStatus, object]>([
    [
      'an unknown state',
      wrong({ state: 'skipped' }),
      { field: 'state', message: 'state is not included in the list' },
    ],
    ['no state', wrong({}), { field: 'state', code: 'missing_field' }],
    [
      'a long description',
      { state: 'success', description: 'ü'.repeat(141) },
      { field: 'description', message: 'description is too long (maximum is 140 characters)' },
    ],
    [
      'a target that is no web address',
      { state: 'success', target_url: 'javascript:alert(1)' },
      { field: 'target_url', message: 'target_url must use http(s) scheme' },
    ],
  ])('refuses %s', async (_, status, error) => {
    expect(await refusal(set(shas.second, status))).toMatchObject({
      status: 422,
      data: { message: 'Validation Failed', errors: [{ resource: 'Status', ...error }], status: '422' },
    });
  });

  test('takes a description of 140 characters', async () => {
    expect((await set(shas.second, { state: 'success', description: '🚢'.repeat(140) })).status).toBe(201);
  });

  test.each([
    ['an unknown commit', () => absent],
    ['a short SHA', () => shas.second.slice(0, 7)],
    ['a branch', () => 'main'],
  ])('refuses %s', async (_, sha) => {
    expect(await refusal(set(sha(), { state: 'success' }))).toMatchObject({
      status: 422,
      data: { message: `No commit found for SHA: ${sha()}` },
    });
  });

  test('of a ref that is not there', async () => {
    expect(await refusal(octokit.rest.repos.getCombinedStatusForRef({ ...repo, ref: 'none' }))).toMatchObject(
      {
        status: 404,
        data: { message: 'Ref not found' },
      },
    );
  });
});

describe('who may', () => {
  test('read without a token, with counted requests', async () => {
    const { headers } = await client().rest.repos.get({ ...repo });
    const again = await client().rest.repos.get({ ...repo });
    expect(headers['x-ratelimit-limit']).toBe('5000');
    expect(Number(headers['x-ratelimit-remaining']) - Number(again.headers['x-ratelimit-remaining'])).toBe(1);
  });

  test.each([
    [undefined, 'Requires authentication'],
    ['Basic eDp5', 'Bad credentials'],
    ['Bearer', 'Bad credentials'],
  ])('not write with %p', async (authorization, message) => {
    const answer = await fetch(`${cloud.context.origin}/repos/acme/web/statuses/${shas.first}`, {
      method: 'POST',
      headers: authorization === undefined ? {} : { authorization },
      body: '{"state":"success"}',
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ message, status: '401' });
  });

  test.each([
    ['{', 'Problems parsing JSON'],
    ['[]', 'Body should be a JSON object'],
  ])('not send %p', async (body, message) => {
    const answer = await fetch(`${cloud.context.origin}/repos/acme/web/statuses/${shas.first}`, {
      method: 'POST',
      headers: { authorization: 'token x' },
      body,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ message });
  });
});

describe('the page of a commit', () => {
  test('shows the commit, its statuses and where they lead, and no foreign markup', async () => {
    const target = `${cloud.context.origin}/builds?a=1&b=2`;
    await octokit.rest.repos.createCommitStatus({
      ...repo,
      sha: shas.first,
      state: 'failure',
      context: 'slipway/web/<verify>',
      target_url: target,
    });
    const answer = await fetch(`${cloud.context.origin}/acme/web/commit/${shas.first}`);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const html = await answer.text();
    expect(html).toContain('slipway/web/&lt;verify&gt;');
    expect(html).toContain(`href="${target.replace('&', '&amp;')}"`);
    expect(html).toContain('with a body &lt;b&gt;&amp; more&lt;/b&gt;');
    expect(html).toContain('a.txt');
    expect(html).not.toMatch(/<script|src=|http-equiv="refresh"/);
  });

  test('reloads itself while nothing is decided', async () => {
    await octokit.rest.repos.createCommitStatus({
      ...repo,
      sha: shas.second,
      state: 'pending',
      context: 'slow',
    });
    const answer = await fetch(`${cloud.context.origin}/acme/web/commit/${shas.second.slice(0, 8)}`);
    expect(await answer.text()).toContain('http-equiv="refresh"');
  });

  test.each(['/acme/web/commit/' + absent, '/acme/none/commit/' + absent])('%s is not there', async (url) => {
    expect((await fetch(`${cloud.context.origin}${url}`)).status).toBe(404);
  });
});

describe('limits on creating content', () => {
  let limited: TestCloud | undefined;
  afterEach(async () => {
    await limited?.close();
    limited = undefined;
  });

  test('80 a minute and 500 an hour, each token for itself', async () => {
    let nowMs = Date.parse('2026-01-31T12:00:00Z');
    const clock: Clock = { now: () => nowMs, after: () => jest.fn() };
    limited = await testCloud({ clock });
    const { origin } = limited.context;
    await limited.serve([createGitHubRoom(limited.context, { contentLimits: githubContentLimits }).room]);
    const write = (token: string): Promise<Response> =>
      fetch(`${origin}/repos/acme/none/statuses/${absent}`, {
        method: 'POST',
        headers: { authorization: `token ${token}` },
        body: '{"state":"success"}',
      });
    /** How many of 81 writes at this moment are taken (the repository is not there: 404). */
    const taken = async (): Promise<number> => {
      let count = 0;
      for (let index = 0; index < 81; index += 1) if ((await write('one')).status === 404) count += 1;
      return count;
    };
    expect(await taken()).toBe(80);
    const refused = await write('one');
    expect(refused.status).toBe(403);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(JSON.stringify(await refused.json())).toContain('secondary rate limit');
    expect((await write('two')).status).toBe(404);
    for (const expected of [80, 80, 80, 80, 80, 20, 0]) {
      nowMs += 60_000;
      expect(await taken()).toBe(expected);
    }
    expect((await write('one')).headers.get('retry-after')).toBe(String(3600 - 7 * 60));
    nowMs += (60 - 7) * 60_000;
    expect((await write('one')).status).toBe(404);
  });
});

test('statuses and repositories are there again after a restart, and ids go on growing', async () => {
  const before = await octokit.rest.repos.listCommitStatusesForRef({ ...repo, ref: shas.first });
  await cloud.close({ keepState: true });
  cloud = await testCloud({ stateFolder: cloud.stateFolder });
  await cloud.serve([createGitHubRoom(cloud.context).room]);
  octokit = client('anything');
  const after = await octokit.rest.repos.listCommitStatusesForRef({ ...repo, ref: shas.first });
  expect(after.data.map(({ id, context }) => [id, context])).toEqual(
    before.data.map(({ id, context }) => [id, context]),
  );
  const { data } = await octokit.rest.repos.createCommitStatus({
    ...repo,
    sha: shas.first,
    state: 'success',
  });
  expect(data.id).toBeGreaterThan(Math.max(...before.data.map(({ id }) => id)));
});
