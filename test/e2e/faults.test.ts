import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Release } from '../../functions/release/release.ts';
import { clearFaults, counts, setFaults } from '../support/api-faults.ts';
import { startBoard, type Board } from './support/board.ts';
import { loadAddress } from './support/load.ts';
import { functionPids } from './support/processes.ts';
import { until } from './support/until.ts';

let board: Board;
/** Of web, which never gets anything better. */
let stable: string;

beforeAll(async () => {
  const rollout = { steps: [{ percent: 50, atLeastSeconds: 2, atMostSeconds: 4 }] };
  board = await startBoard(['api', 'web'], {
    services: { web: { health: { intervalSeconds: 0.3 }, rollout } },
  });
  stable = (await board.record('web')).stable?.revision ?? '';
}, 240_000);

afterAll(() => board.stop(), 60_000);

const origin = (): string => board.slipway.session.origin;

async function setPubSubFaults(faults: object): Promise<void> {
  const body = JSON.stringify(faults);
  const response = await fetch(`${origin()}/local/pubsub/faults`, { method: 'PUT', body });
  expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
}

/** What the scheduler does each minute happens every two seconds until `work` is done. */
async function ticking<T>(work: Promise<T>): Promise<T> {
  const stop = new AbortController();
  const ticks = (async () => {
    while (!stop.signal.aborted) {
      // It may be told to fail, or be starting.
      await board.tick().catch(() => undefined);
      await sleep(2_000, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  try {
    return await work;
  } finally {
    stop.abort();
    await ticks;
  }
}

const words = (commit: string): Promise<string[]> =>
  board.slipway.viewer
    .snapshot(commit)
    .then(({ statuses }) => statuses.map(({ context, state }) => `${context} ${state}`));

/** GitHub shows just this in the end. */
const showsIn = (commit: string, wanted: readonly string[]): Promise<string[]> =>
  until(
    `statuses of ${commit.slice(0, 7)}`,
    () => words(commit),
    (seen): seen is string[] => seen.join() === wanted.join(),
  );

const goneWell = (service: string): string[] =>
  ['build', 'rollout', 'verify'].map((stage) => `slipway/${service}/${stage} success`);
const takenBack = ['build success', 'rollout failure', 'verify success'].map((word) => `slipway/web/${word}`);

/** A good api, and a web that its users make sick: all is as it would be without faults. */
async function endsAsItShould(
  during: (commit: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const load = loadAddress(await board.url('web'), 20);
  const since = new Date().toISOString();
  const commit = board.push({ api: 'good', web: 'sickens-under-traffic' });
  let bad: Release;
  let good: Release;
  try {
    [good, bad] = await ticking(
      Promise.all([board.ended('api', commit, 120), board.ended('web', commit, 120), during(commit)]),
    );
  } finally {
    await load.stop();
  }
  const why = [good, bad].map(({ history }) => history.at(-1)?.reason);
  expect([good.stage, bad.stage, ...why]).toEqual([
    'live',
    'rolled-back',
    expect.stringMatching(/serves 100 %/),
    expect.stringMatching(/^rolled back to .*: health check \/health failed/),
  ]);
  await ticking(showsIn(commit, [...goneWell('api'), ...takenBack]));
  expect(await board.shares('api')).toEqual([{ revision: good.candidate?.revision, percent: 100 }]);
  const whole = [{ revision: stable, percent: 100 }];
  expect(await board.shares('web')).toEqual(whole);
  expect(await board.record('web', ({ rollbackRequest }) => !rollbackRequest)).toMatchObject({
    stable: { revision: stable },
    quarantine: expect.arrayContaining([expect.objectContaining({ commit })]),
  });
  expect((await board.record('web')).frozen).toBeUndefined();
  // However often anything came, Cloud Run was asked for one step there and one way back.
  expect((await board.trafficSince('web', since)).map(({ shares }) => shares.length)).toEqual([1, 2, 1]);
}

describe('events may come twice, late, in any order, or never', () => {
  afterEach(() => setPubSubFaults({ seed: 0 }));

  test.each([
    [
      'everything twice or more, late and out of order (traps 2, 3, 4 and 11)',
      { seed: 11, duplicate: 1, reorder: 0.7, delayMs: [0, 1_000] },
    ],
    ['a third is lost, and a tick makes up for it (trap 5)', { seed: 14, drop: 0.35, duplicate: 0.3 }],
  ])(
    '%s',
    async (_, faults) => {
      await setPubSubFaults(faults);
      await endsAsItShould();
    },
    180_000,
  );
});

interface Match {
  readonly method?: string;
  readonly pathPrefix?: string;
  readonly pathPattern?: string;
}

/** Requests of the pipeline and of the build that deploys; reading the statuses is ours alone. */
const apis: readonly Match[] = [
  { pathPrefix: '/storage/v1/b/fixture-project-slipway' },
  { pathPrefix: '/upload/storage/v1/b/fixture-project-slipway' },
  { pathPattern: '^/v2/projects/[^/]+/locations/[^/]+/services' },
  { method: 'POST', pathPrefix: '/repos/' },
];
/** No API answers 409 to who only reads. */
const writes = apis.flatMap((match): Match[] =>
  match.method !== undefined ? [match] : ['POST', 'PUT', 'PATCH'].map((method) => ({ ...match, method })),
);

function rules(faults: readonly string[]): object[] {
  return faults.flatMap((fault) =>
    (fault === 'refuse-409' ? writes : apis).map((match) => ({
      ...{ match, fault, probability: 0.1 / faults.length },
      retryAfterSeconds: 1,
    })),
  );
}

describe('one request in ten to Storage, Cloud Run and GitHub goes wrong', () => {
  afterEach(() => clearFaults(origin()));

  test.each([
    ['refused: 409, 429 or 500', 21, ['refuse-409', 'refuse-429', 'refuse-500']],
    ['carried out, but the answer is an error or none', 22, ['error-after-effect', 'timeout-after-effect']],
  ])(
    '%s',
    async (_, seed, faults) => {
      await setFaults(origin(), seed, ...rules(faults));
      await endsAsItShould();
      const struck = (await counts(origin())).reduce((sum, count) => sum + count.struck, 0);
      expect(struck).toBeGreaterThan(10);
    },
    180_000,
  );
});

test('the functions are killed in the middle of a rollout', async () => {
  let killed = 0;
  await endsAsItShould(async (commit) => {
    await board.release('web', commit, ({ stage }) => stage === 'rolling-out');
    for (const pid of functionPids(board.slipway.stateFolder)) {
      process.kill(pid, 'SIGKILL');
      killed += 1;
    }
  });
  expect(killed).toBeGreaterThanOrEqual(5);
}, 180_000);

describe('the local cloud is killed and started again', () => {
  test.each(['building', 'verifying', 'rolling-out'] as const)(
    'while a release is %s: it ends as it would have',
    async (stage) => {
      const commit = board.push({ web: 'good' }, `to be killed while ${stage}`);
      const caught = await board.release('web', commit, (release) => release.stage === stage);
      expect(caught.stage).toBe(stage);
      await board.restart();
      const end = await ticking(board.ended('web', commit, 120));
      expect(end.stage).toBe('live');
      await ticking(showsIn(commit, goneWell('web')));
      expect((await fetch(await board.url('web'))).headers.get('x-revision')).toBe(end.candidate?.revision);
    },
    180_000,
  );
});
