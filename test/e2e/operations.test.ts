import { v1 } from '@google-cloud/pubsub';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Release } from '../../functions/release/release.ts';
import { allChecked } from '../../scripts/watch/summary.ts';
import { startBoard, type Board } from './support/board.ts';
import { command } from './support/command.ts';
import { person } from './support/fixture-repo.ts';
import { loadAddress } from './support/load.ts';
import { until } from './support/until.ts';

interface Live {
  readonly commit: string;
  readonly revision: string;
  readonly release: Release;
}

let board: Board;
let first: Live;
let second: Live;

const live = async (commit: string): Promise<Live> => {
  const release = await board.ended('api', commit);
  expect([release.stage, release.history.at(-1)?.reason]).toEqual(['live', expect.anything()]);
  return { commit, revision: release.candidate?.revision ?? '', release };
};

const answering = async (): Promise<string> =>
  (await fetch(await board.url('api'))).headers.get('x-revision') ?? '';

beforeAll(async () => {
  board = await startBoard(['api']);
  first = await live(board.first);
  second = await live(board.push({ api: 'good' }, 'second'));
}, 240_000);

afterAll(() => board.stop(), 60_000);

test('a release that is replaced goes to the way back, and its record says by what', async () => {
  const record = await board.record('api');
  expect([record.stable?.revision, record.previousGood?.revision]).toEqual([second.revision, first.revision]);
  const replaced = await board.release('api', first.commit, ({ stage }) => stage === 'superseded');
  expect(replaced.history.at(-1)?.reason).toBe(`replaced by ${second.revision}`);
});

describe('a branch', () => {
  test('gets its checks, whose statuses stand at GitHub’s own paths; nothing is released', async () => {
    const commit = board.repo.commit({ api: 'failing-test' }, 'on a branch');
    board.repo.push(board.slipway.session.origin, 'refs/heads/my-branch');
    const { builds } = await board.slipway.until(
      commit,
      (snapshot) => allChecked(snapshot) && snapshot.statuses.some(({ state }) => state === 'failure'),
    );
    expect(builds.map(({ purpose, release }) => [purpose, release])).toEqual([['checks', undefined]]);
    const response = await fetch(
      `${board.slipway.session.origin}/repos/fixture/board/commits/my-branch/status`,
    );
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
  }, 60_000);

  test('whose commit main has already is checked too', async () => {
    board.repo.push(board.slipway.session.origin, 'refs/heads/same-commit');
    const { stdout } = await board.npm('status', '--limit', '1');
    expect(stdout).toMatch(/slipway\/api\/checks/);
  }, 60_000);
});

describe('rolling back', () => {
  test('gives all traffic to the previous good revision, loses no request, and keeps who and why', async () => {
    const load = loadAddress(await board.url('api'), 50);
    const { code, stdout } = await board.npm('rollback', 'api', '--why', 'orders fail');
    const answers = await load.stop();
    expect([code, stdout]).toEqual([0, expect.stringContaining(`rolled back to ${first.revision}`)]);
    expect([...answers.keys()].sort()).toEqual([`200 ${first.revision}`, `200 ${second.revision}`].sort());
    expect(await answering()).toBe(first.revision);

    expect(await board.shares('api')).toEqual([{ revision: first.revision, percent: 100 }]);
    const record = await board.record('api');
    expect(record).toMatchObject({
      stable: { revision: first.revision },
      frozen: { cause: 'rollback', by: person },
    });
    expect(record.log).toContainEqual(
      expect.objectContaining({ what: `rolled back to ${first.revision}`, why: 'orders fail', by: person }),
    );
    await board.status(second.commit, 'slipway/api/rollout', 'failure', /^Rolled back by test@/);
    const gone = await board.ended('api', second.commit);
    expect(gone.stage).toBe('rolled-back');
    expect(gone.history.at(-1)).toMatchObject({
      reason: `rolled back to ${first.revision}: orders fail`,
      by: person,
    });
  }, 60_000);

  test('works after a candidate that did not start: its tag is in nobody’s way', async () => {
    await board.npm('release', 'api', '--why', 'on with it', '--yes');
    const third = await live(board.push({ api: 'good' }, 'third'));
    const bad = await board.ended('api', board.push({ api: 'crashes-at-start' }, 'crash'));
    expect(bad.stage).toBe('failed');
    const { code, stdout } = await board.npm(
      ...(['rollback', 'api', '--to', first.revision, '--why', 'to the first', '--keep-going'] as const),
    );
    expect([code, stdout]).toEqual([0, expect.stringContaining(first.revision)]);
    expect(await answering()).toBe(first.revision);
    expect(third.revision).not.toBe(first.revision);
  }, 120_000);

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
    const { code, stderr } = await board.npm('rollback', ...given);
    expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
  });
});

describe('running a build again', () => {
  let newest: Live;

  test('of an older commit never overtakes the newer one, and keeps who and why (trap 25)', async () => {
    newest = await live(board.push({ api: 'good' }, 'newest'));
    const { id } = second.release.build;
    const { code, stdout } = await board.npm('rerun', id.slice(0, 8), '--why', 'the registry was down');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Build [0-9a-f-]{36} runs: http/)]);
    const again = await board.release(
      'api',
      second.commit,
      ({ build, stage }) => build.id !== id && stage === 'superseded',
    );
    expect(again.history.at(-1)?.reason).toMatch(new RegExp(`^a newer release is live: ${newest.revision}`));
    expect(again.steps).toEqual([]);
    expect(await answering()).toBe(newest.revision);
    expect((await board.record('api')).log.at(-1)).toMatchObject({
      what: `build ${id} runs again as ${again.build.id}`,
      by: person,
      why: 'the registry was down',
    });
    await board.status(second.commit, 'slipway/api/rollout', 'success', /^Not rolled out: a newer release/);
  }, 90_000);

  test('but a push that takes the branch back to the older commit goes live (trap 25)', async () => {
    board.repo.push(board.slipway.session.origin, 'refs/heads/main', second.commit);
    const back = await board.release(
      'api',
      second.commit,
      ({ createdAt, stage }) => createdAt > newest.release.createdAt && stage === 'live',
    );
    expect(await answering()).toBe(back.candidate?.revision);
    expect((await board.record('api')).previousGood?.revision).toBe(newest.revision);
  }, 90_000);

  test('a build that there is not', async () => {
    const { code, stderr } = await board.npm('rerun', 'zzz', '--why', 'x');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^no build of the last 30 days has an id that starts with zzz/),
    ]);
  });
});

describe('messages that nobody can work on', () => {
  const parked = async (): Promise<string[]> => {
    const { stdout } = await board.npm('replay', '--list');
    return [...stdout.matchAll(/^(\S+) {2}(quarantine|dead letters) /gm)].map(([, id = '']) => id);
  };
  /** With the ids that `replay --list` names once there are such. */
  const waitFor = (what: string, done: (ids: readonly string[]) => boolean): Promise<string[]> =>
    until(what, parked, (ids): ids is string[] => done(ids));

  test('are put aside, block nothing, and are looked at, replayed and thrown away (trap 7)', async () => {
    const { session } = board.slipway;
    const topic = `projects/${session.pipeline.project}/topics/releases`;
    const publisher = new v1.PublisherClient(session.api.clientOptions);
    await publisher.publish({ topic, messages: [{ data: Buffer.from('{"service": 7}') }] });
    await publisher.close();
    const [poison = ''] = await waitFor('the poison put aside', (ids) => ids.length === 1);
    expect((await board.npm('status')).stdout).toMatch(/1 message that could not be read: npm run replay/);

    const { code, stdout } = await board.npm('replay', poison);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${poison}: back on ${topic}`)]);
    // It is what it was: nobody can read it the second time either.
    const [again = ''] = await waitFor('it put aside again', (ids) => ids.length === 1 && ids[0] !== poison);
    expect((await board.npm('replay', '--discard', again, '--yes')).code).toBe(0);
    expect(await parked()).toEqual([]);
    await live(board.push({ api: 'good' }, 'after the poison'));
  }, 120_000);

  test('dead letters of a function that was down go back where they came from, and the release goes on', async () => {
    const { session } = board.slipway;
    const subscription = `projects/${session.pipeline.project}/subscriptions/releases-to-rollout`;
    const subscriber = new v1.SubscriberClient(session.api.clientOptions);
    const [{ pushConfig, deadLetterPolicy, retryPolicy }] = await subscriber.getSubscription({
      subscription,
    });
    const update = async (changed: object, ...paths: string[]): Promise<void> => {
      await subscriber.updateSubscription({
        subscription: { name: subscription, ...changed },
        updateMask: { paths },
      });
    };
    // Nobody is at home there, and Pub/Sub loses patience sooner than it was set up to.
    const deadLetterTopic = deadLetterPolicy?.deadLetterTopic ?? '';
    await update(
      {
        pushConfig: { ...pushConfig, pushEndpoint: 'http://127.0.0.1:1/' },
        deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts: 5 },
        retryPolicy: { minimumBackoff: { seconds: 0 }, maximumBackoff: { seconds: 1 } },
      },
      'push_config',
      'dead_letter_policy',
      'retry_policy',
    );
    const commit = board.push({ api: 'good' }, 'while rollout is down');
    const waiting = await board.release('api', commit, ({ verdict, build }) => {
      return verdict !== undefined && build.status === 'SUCCESS';
    });
    expect(waiting.steps).toEqual([]);
    await waitFor('dead letters', (ids) => ids.length > 0);
    await update(
      { pushConfig, deadLetterPolicy, retryPolicy },
      'push_config',
      'dead_letter_policy',
      'retry_policy',
    );
    await subscriber.close();
    const { code } = await board.npm('replay', '--yes');
    expect(code).toBe(0);
    await live(commit);
    expect(await parked()).toEqual([]);
  }, 120_000);
});

test('status shows what serves, and the statuses of a commit', async () => {
  const { code, stdout } = await board.npm('status', second.commit.slice(0, 10));
  expect(code).toBe(0);
  expect(stdout).toMatch(/api\s+(api-\S+)\s+\1 100 %/);
  expect(stdout).toContain(second.commit.slice(0, 7));
  expect(stdout).toContain('slipway/api/rollout');
});

test.each([
  ['', []],
  [', also when it is to be forgotten', ['--fresh']],
])('a second local cloud on the same state is refused%s', async (_, args) => {
  const { code, stderr } = await command('start', [
    ...['--once', '--port', '0', '--repo', board.repo.folder, ...args],
    ...['--state', board.slipway.stateFolder],
  ]);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/a local cloud \(process \d+\) already runs on /),
  ]);
  expect((await board.record('api')).stable).toBeDefined();
});
