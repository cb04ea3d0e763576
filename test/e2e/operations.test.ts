import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { allChecked, allEnded } from '../../scripts/watch/summary.ts';
import { command } from './support/command.ts';
import { createFixtureRepo, type FixtureRepo } from './support/fixture-repo.ts';
import { watchAddress } from './support/load.ts';
import { forget, startSlipway, type Slipway } from './support/slipway.ts';

let repo: FixtureRepo;
let slipway: Slipway;
let first: { commit: string; revision: string; build: string };
let second: { commit: string; revision: string };

const onState = (): string[] => ['--state', slipway.stateFolder];

async function release(message: string): Promise<{ commit: string; revision: string; build: string }> {
  const commit = repo.commit({ api: 'good' }, message);
  repo.push(slipway.session.origin);
  const { builds } = await slipway.until(commit, (snapshot) => allEnded(snapshot));
  const [view] = builds;
  expect(view?.release?.stage).toBe('live');
  return { commit, revision: view?.release?.candidate?.revision ?? '', build: view?.build.id ?? '' };
}

const answering = async (url: string): Promise<string> => (await fetch(url)).headers.get('x-revision') ?? '';

beforeAll(async () => {
  repo = createFixtureRepo(['api']);
  const commit = repo.commit({ api: 'good' }, 'first');
  slipway = await startSlipway({ repo: repo.folder });
  await slipway.delivered;
  const [view] = (await slipway.until(commit, allEnded)).builds;
  first = { commit, revision: view?.release?.candidate?.revision ?? '', build: view?.build.id ?? '' };
  second = await release('second');
}, 120_000);

afterAll(async () => {
  await slipway.stop();
  forget(slipway.stateFolder);
  repo.remove();
}, 60_000);

test('a release that is replaced goes to the way back, and its record says by what', async () => {
  const { record } = await slipway.viewer.service('api');
  expect([record.stable?.revision, record.previousGood?.revision]).toEqual([second.revision, first.revision]);
  const replaced = await slipway.viewer.ledger.release({
    service: 'api',
    id: record.previousGood?.release ?? '',
  });
  expect(replaced).toMatchObject({ stage: 'superseded' });
  expect(replaced?.history.at(-1)?.reason).toBe(`replaced by ${second.revision}`);
});

describe('a branch', () => {
  test('gets its checks, whose statuses stand at GitHub’s own paths; nothing is released', async () => {
    const commit = repo.commit({ api: 'failing-test' }, 'on a branch');
    repo.push(slipway.session.origin, 'refs/heads/my-branch');
    const { builds } = await slipway.until(
      commit,
      (snapshot) => allChecked(snapshot) && snapshot.statuses.some(({ state }) => state === 'failure'),
    );
    expect(builds.map(({ purpose, release }) => [purpose, release])).toEqual([['checks', undefined]]);
    const response = await fetch(`${slipway.session.origin}/repos/fixture/board/commits/my-branch/status`);
    expect(await response.json()).toMatchObject({
      state: 'failure',
      sha: commit,
      statuses: [
        {
          context: 'slipway/api/checks',
          description: expect.stringMatching(/^The checks build failed in unit \(exit 1\)/),
        },
      ],
    });
  });

  test('whose commit main has already is checked too', async () => {
    repo.push(slipway.session.origin, 'refs/heads/same-commit');
    const { stdout } = await command('status', [...onState(), '--limit', '1']);
    expect(stdout).toMatch(/slipway\/api\/checks/);
  });
});

describe('rolling back', () => {
  test('gives all traffic to the previous good revision, loses no request, and keeps who and why', async () => {
    const { url } = await slipway.viewer.service('api');
    const load = watchAddress(url, 10);
    const { code, stdout } = await command('rollback', ['api', '--why', 'orders fail', ...onState()], {
      cwd: repo.folder,
    });
    const answers = await load.stop();
    expect([code, stdout]).toEqual([0, expect.stringContaining(`rolled back to ${first.revision}`)]);
    expect([...answers.keys()].sort()).toEqual([`200 ${first.revision}`, `200 ${second.revision}`].sort());
    expect(await answering(url)).toBe(first.revision);

    const { record, serving } = await slipway.viewer.service('api');
    expect(serving).toEqual([expect.objectContaining({ revision: first.revision, percent: 100 })]);
    expect(record.stable?.revision).toBe(first.revision);
    expect(record.log.at(-1)).toMatchObject({
      what: `rolled back to ${first.revision}`,
      why: 'orders fail',
      by: expect.stringMatching(/./),
    });
    const status = await slipway.until(second.commit, ({ statuses }) =>
      statuses.some(({ context, state }) => context === 'slipway/api/rollout' && state === 'failure'),
    );
    expect(status.builds[0]?.release).toMatchObject({ stage: 'rolled-back' });
    expect(status.builds[0]?.release?.history.at(-1)).toMatchObject({
      reason: `rolled back to ${first.revision}: orders fail`,
      by: expect.stringMatching(/./),
    });
  });

  test('works after a candidate that did not start: its tag is in nobody’s way', async () => {
    const third = await release('third');
    const bad = repo.commit({ api: 'crashes-at-start' }, 'crash');
    repo.push(slipway.session.origin);
    await slipway.until(bad, (snapshot) => allEnded(snapshot));
    const { code, stdout } = await command('rollback', [
      'api',
      '--to',
      first.revision,
      '--why',
      'to the first',
      ...onState(),
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining(first.revision)]);
    const { url } = await slipway.viewer.service('api');
    expect(await answering(url)).toBe(first.revision);
    expect(third.revision).not.toBe(first.revision);
  }, 90_000);

  test.each<[string, string[], RegExp, number]>([
    ['without a service', [], /^name one service/, 2],
    [
      'of a service that there is not',
      ['nope', '--why', 'x'],
      /^there is no service nope; pipeline.yaml has api/,
      2,
    ],
    [
      'to a revision that there is not',
      ['api', '--to', 'api-nope', '--why', 'x'],
      /^api has no revision api-nope/,
      1,
    ],
    ['to what serves already', ['api', '--to', 'FIRST', '--why', 'x'], /is what api serves already/, 1],
    ['without a reason', ['api', '--to', 'SECOND'], /^--why TEXT is missing/, 2],
    ['with a flag that there is not', ['api', '--force'], /^Unknown option '--force'/, 2],
  ])('%s says what is wrong', async (_, args, says, exit) => {
    const given = args.map((arg) =>
      arg === 'FIRST' ? first.revision : arg === 'SECOND' ? second.revision : arg,
    );
    const { code, stderr } = await command('rollback', [...given, ...onState()]);
    expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
  });
});

describe('running a build again', () => {
  test('makes a new build of the same commit, whose statuses replace the old ones, and keeps who and why', async () => {
    const { code, stdout } = await command(
      'rerun',
      [first.build.slice(0, 8), '--why', 'the registry was down', ...onState()],
      { cwd: repo.folder },
    );
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Build [0-9a-f-]{36} runs: http/)]);
    const snapshot = await slipway.until(first.commit, (now) => now.builds.length === 2 && allEnded(now));
    const [, again] = snapshot.builds;
    expect(again?.build.id).not.toBe(first.build);
    expect(again?.release?.stage).toBe('live');
    const { record } = await slipway.viewer.service('api');
    expect(record.log.at(-1)).toMatchObject({
      what: `build ${first.build} runs again as ${again?.build.id ?? ''}`,
      why: 'the registry was down',
    });
  }, 60_000);

  test('a build that there is not', async () => {
    const { code, stderr } = await command('rerun', ['zzz', '--why', 'x', ...onState()]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^no build of the last 30 days has an id that starts with zzz/),
    ]);
  });
});

test('status shows what serves, and the statuses of a commit', async () => {
  const { code, stdout } = await command('status', [second.commit.slice(0, 10), ...onState()]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/api\s+api-\S+\s+100 % api-/);
  expect(stdout).toContain(second.commit.slice(0, 7));
  expect(stdout).toContain('slipway/api/rollout');
});

test.each([
  ['', []],
  [', also when it is to be forgotten', ['--fresh']],
])('a second local cloud on the same state is refused%s', async (_, args) => {
  const { code, stderr } = await command('start', [
    ...['--once', '--port', '0', '--repo', repo.folder, ...args],
    ...onState(),
  ]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/a local cloud \(process \d+\) already runs on /),
  ]);
  expect((await slipway.viewer.service('api')).record.stable).toBeDefined();
});
