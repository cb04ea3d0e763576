import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Release } from '../../functions/release/release.ts';
import { startBoard, type Board } from './support/board.ts';
import { loadAddress, type Load } from './support/load.ts';

/** Time for both sides to report themselves, and for the reports to show. */
const compared = { steps: [{ percent: 20, atLeastSeconds: 1, atMostSeconds: 60 }], onInconclusive: 'wait' };
const probed = { steps: [{ percent: 50, atLeastSeconds: 2, atMostSeconds: 3 }] };
const watchful = { intervalSeconds: 0.3, consecutiveFailures: 3 };

/** Requests a second at each service's own address. */
const perSecond = { errors: 80, slow: 40, probes: 20, web: 20, schema: 20 };
type Service = keyof typeof perSecond;

let board: Board;
let pushedAt: string;
let bad: string;
const loads = new Map<Service, Load>();
/** What serves before, by service. */
const before = new Map<string, string>();

beforeAll(async () => {
  board = await startBoard([...Object.keys(perSecond), 'api'], {
    releaseSets: [['api', 'web']],
    services: {
      // Undemanding, so that a good candidate is known to be good in seconds.
      errors: { rollout: { ...compared, metrics: { errorBudget: 0.1, notWorseRatio: 10 } } },
      slow: { rollout: compared },
      probes: { health: watchful, rollout: probed },
      web: { health: watchful, rollout: probed },
      schema: { health: watchful, rollout: probed, schema: { version: 1 } },
    },
  });
  for (const service of [...Object.keys(perSecond), 'api'])
    before.set(service, (await board.record(service)).stable?.revision ?? '');
  for (const [service, rate] of Object.entries(perSecond) as [Service, number][])
    loads.set(service, loadAddress(await board.url(service), rate));

  pushedAt = new Date().toISOString();
  board.repo.configure({
    schema: { health: watchful, rollout: probed, schema: { version: 2, reversible: false } },
  });
  bad = board.push({
    errors: 'fails-for-users',
    slow: 'slow-for-users',
    probes: 'sickens-under-traffic',
    web: 'sickens-under-traffic',
    schema: 'sickens-under-traffic',
    api: 'good',
  });
}, 240_000);

afterAll(async () => {
  await Promise.all([...loads.values()].map((load) => load.stop()));
  await board.stop();
}, 60_000);

const stableOf = (service: string): string => before.get(service) ?? '';
const revisionOf = (release: Release): string => release.candidate?.revision ?? '';
const secondsBetween = (from = '', to = ''): number => (Date.parse(to) - Date.parse(from)) / 1000;

/** Cloud Run was asked for the step, and then once for all back. */
async function expectOneWayBack(service: Service, release: Release): Promise<void> {
  const [stable, candidate] = [stableOf(service), revisionOf(release)];
  const percent = release.steps[0]?.percent ?? 0;
  const split = [
    { revision: candidate, percent },
    { revision: stable, percent: 100 - percent },
  ].sort((a, b) => (a.revision < b.revision ? -1 : 1));
  const whole = [{ revision: stable, percent: 100 }];
  const asked = (await board.trafficSince(service, pushedAt)).map(({ shares }) => shares);
  // The deployment asks for what there is, beside the new tag.
  expect(asked).toEqual([whole, split, whole]);
  expect(await board.shares(service)).toEqual(whole);
}

async function expectTakenBack(service: Service, says: RegExp): Promise<Release> {
  const release = await board.ended(service, bad);
  expect(release).toMatchObject({ stage: 'rolled-back', verdict: { verdict: 'healthy' } });
  expect(release.steps.at(-1)).toMatchObject({
    verdict: { verdict: 'unhealthy', reasons: [expect.stringMatching(says)] },
  });
  const record = await board.record(service, ({ rollbackRequest }) => rollbackRequest === undefined);
  expect(record.stable?.revision).toBe(stableOf(service));
  expect(record.frozen).toBeUndefined();
  expect(record.quarantine).toEqual([expect.objectContaining({ release: release.id, commit: bad })]);
  expect(record.log.at(-1)).toMatchObject({ what: `rolled back to ${stableOf(service)}`, by: 'slipway' });
  await expectOneWayBack(service, release);
  return release;
}

test('a candidate whose health fails under traffic is taken back within seconds, in one change of the traffic', async () => {
  const release = await expectTakenBack('probes', /^health check \/health failed \d+ times in a row/);
  // Its users make it sick at once; half of the load would be within 3 s on a machine of its own.
  expect(secondsBetween(release.steps[0]?.servingAt, release.history.at(-1)?.at)).toBeLessThan(8);
  await board.status(
    bad,
    'slipway/probes/rollout',
    'failure',
    /^Rolled back from 50 % by slipway: rolled back to probes-\S+: health check \/health failed/,
  );
}, 90_000);

test('of a release set what went out last comes back first: web, then api', async () => {
  const web = await expectTakenBack('web', /^health check \/health failed/);
  const api = await board.release('api', bad, ({ stage }) => stage === 'rolled-back');
  expect(api.history.map(({ stage }) => stage).slice(-3)).toEqual(['rolling-out', 'live', 'rolled-back']);
  expect(api.history.at(-1)?.reason).toMatch(/web of the same commit is taken back: health check/);
  // Forward in the order of the set.
  const apiLiveAt = api.history.find(({ stage }) => stage === 'live')?.at;
  expect(secondsBetween(apiLiveAt, web.steps[0]?.askedAt)).toBeGreaterThanOrEqual(0);
  // And back in the reverse one.
  const lastChange = async (service: string): Promise<string | undefined> =>
    (await board.trafficSince(service, pushedAt)).at(-1)?.at;
  expect(secondsBetween(await lastChange('web'), await lastChange('api'))).toBeGreaterThan(0);
  expect(await board.shares('api')).toEqual([{ revision: stableOf('api'), percent: 100 }]);
  expect((await board.record('api')).quarantine).toMatchObject([{ commit: bad }]);
}, 90_000);

test('over a schema that cannot be undone nothing is rolled back: frozen, paged, and the status says why (trap 21)', async () => {
  const record = await board.record('schema', ({ frozen }) => frozen !== undefined);
  expect(record.frozen).toMatchObject({
    cause: 'irreversible',
    by: 'slipway',
    why: expect.stringMatching(/is bad: health check \/health failed .*reversible: false/),
  });
  expect(record.schemaFloor).toMatchObject({ version: 2 });
  const release = await board.release('schema', bad, () => true);
  expect(release.stage).toBe('rolling-out');
  expect((await board.shares('schema')).map(({ percent }) => percent)).toEqual([50, 50]);
  expect((await board.pages('schema'))[0]).toMatch(/^schema is frozen: .* is bad: health/);
  // The release itself is bad, and says so; that nobody takes it back by itself the service does.
  const { stdout } = await board.npm('status', 'schema');
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/frozen by slipway .*reversible: false/);
  const refused = await board.npm('rollback', 'schema', '--why', 'it is bad');
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/cannot go back to .*--over-schema/s),
  ]);
}, 90_000);

describe('a candidate that is good at its tag and fails three of ten users', () => {
  let release: Release;

  test('is found out by its metrics beside the stable revision’s, and taken back in one change', async () => {
    release = await expectTakenBack('errors', /^Worse than stable: .* failed/);
    const candidate = revisionOf(release);
    const answers = loads.get('errors')?.answers;
    expect(answers?.get(`500 ${candidate}`)).toBeGreaterThan(5);
    expect(answers?.get(`500 ${stableOf('errors')}`)).toBeUndefined();
  }, 120_000);

  test('its build run again is refused with the reason, however it is started (trap 25)', async () => {
    const { code } = await board.npm('rerun', release.build.id, '--why', 'was it really bad?');
    expect(code).toBe(0);
    const again = await board.release(
      'errors',
      bad,
      ({ id, stage }) => id !== release.id && stage === 'failed',
    );
    expect(again.history.at(-1)?.reason).toMatch(
      /^this commit was taken back on \S+ and is quarantined: .*failed/,
    );
    expect(again.steps).toEqual([]);
    await board.status(
      bad,
      'slipway/errors/rollout',
      'failure',
      /^Not rolled out: this commit was taken back/,
    );
    expect(await board.shares('errors')).toEqual([{ revision: stableOf('errors'), percent: 100 }]);
  }, 60_000);

  test('the next push goes live, by its metrics too', async () => {
    const good = board.push({ errors: 'good' }, 'mended');
    const mended = await board.ended('errors', good, 90);
    expect(mended.stage).toBe('live');
    expect(mended.steps.map(({ percent, verdict }) => [percent, verdict?.verdict])).toEqual([
      [20, 'healthy'],
      [100, 'healthy'],
    ]);
    expect(await board.shares('errors')).toEqual([{ revision: revisionOf(mended), percent: 100 }]);
  }, 120_000);
});

test('a candidate that is three times as slow is found out by its latencies', async () => {
  await expectTakenBack('slow', /^Worse than stable: .* among the slowest/);
}, 120_000);
