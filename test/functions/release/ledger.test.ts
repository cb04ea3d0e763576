import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { takeLease } from '../../../functions/release/lease.ts';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { objects } from '../../../functions/release/naming.ts';
import { newServiceRecord, type RollbackRequest } from '../../../functions/release/service-record.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { nthRelease, releaseAt, servingNth } from '../../support/release.ts';

let cloud: TestCloud;
let bucket: Bucket;
let ledger: Ledger;
let number = 0;

const time = { now: () => new Date('2026-01-01T00:00:00.000Z'), sleep: () => Promise.resolve() };

beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room]);
});
afterAll(async () => {
  await cloud.close();
});
beforeEach(async () => {
  number += 1;
  const api = createGoogleApi(cloud.context.origin);
  await api.request('storage', '/storage/v1/b', {
    method: 'POST',
    query: { project: 'p' },
    json: { name: `bucket-${number}` },
  });
  bucket = openBucket(api, `bucket-${number}`);
  ledger = openLedger(bucket, time);
});

const release = releaseAt('building');
const build = (status: 'WORKING' | 'SUCCESS' | 'FAILURE') =>
  ({ kind: 'build', status, digests: [] }) as const;

const asks = (by: string, part: Partial<RollbackRequest> = {}): RollbackRequest => ({
  revision: 'api-1',
  by,
  why: 'bad',
  at: '1',
  ...part,
});

describe('the ledger', () => {
  test('makes a release once, whoever comes first', async () => {
    const made = await Promise.all(
      [1, 2, 3, 4].map((second) =>
        ledger.create({ ...release, createdAt: `2026-01-01T00:00:0${second}.000Z` }),
      ),
    );
    expect(new Set(made.map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(await ledger.active()).toEqual(['active/api/aaaaaaa-11111111']);
  });

  test('writers that race lose nothing (trap 4)', async () => {
    await ledger.create({ ...release, build: { ...release.build, status: 'QUEUED' } });
    const outcomes = await Promise.all([
      ledger.record(release, build('WORKING')),
      ledger.record(release, build('SUCCESS')),
      ledger.record(release, { kind: 'superseded', reason: 'newer' }),
    ]);
    expect(outcomes.some(({ kind }) => kind === 'changed')).toBe(true);
    expect((await ledger.release(release))?.stage).toBe('superseded');
    const names = Array.from({ length: 12 }, (_, index) => `person ${index}`);
    await Promise.all(
      names.map((by) =>
        ledger.updateService('api', (record) => ({
          ...record,
          log: [...record.log, { at: '', what: 'x', by, why: '' }],
        })),
      ),
    );
    expect((await ledger.service('api')).log.map(({ by }) => by).sort()).toEqual(names.sort());
  });

  test('says so when there is no such release, and when nothing is new', async () => {
    expect(await ledger.record(release, build('WORKING'))).toEqual({ kind: 'unknown-release' });
    await ledger.create(release);
    expect((await ledger.record(release, { kind: 'verification-started' })).kind).toBe('refused');
    expect((await ledger.record(release, build('FAILURE'))).kind).toBe('changed');
    expect((await ledger.record(release, build('FAILURE'))).kind).toBe('unchanged');
  });

  test('keeps a release in the sight of the tick if it has moved since its marker was read', async () => {
    await ledger.create(releaseAt('live'));
    const marker = await ledger.marker(release);
    await ledger.record(release, { kind: 'rolled-back', reason: 'bad' });
    await ledger.close(release, marker ?? '');
    expect(await ledger.active()).toHaveLength(1);
    await ledger.close(release, (await ledger.marker(release)) ?? '');
    expect(await ledger.active()).toEqual([]);
  });

  test('a rollback that was asked for is in the sight of the tick until it is closed', async () => {
    await ledger.requestRollback('api', asks('ana'));
    expect(await ledger.active()).toEqual(['active/api/rollback']);
    const marker = await ledger.rollbackMarker('api');
    await ledger.requestRollback('api', asks('ana', { at: '3' }));
    await ledger.closeRollback('api', marker ?? '');
    expect(await ledger.active()).toHaveLength(1);
    await ledger.closeRollback('api', (await ledger.rollbackMarker('api')) ?? '');
    expect(await ledger.active()).toEqual([]);
  });

  test.each<[string, RollbackRequest[], string]>([
    ['of two people the first', [asks('ana'), asks('bo')], 'ana'],
    ['a person before the automation', [asks('slipway', { release: 'r' }), asks('ana')], 'ana'],
    ['a person who was there first', [asks('ana'), asks('slipway', { release: 'r' })], 'ana'],
    [
      'of two automatic ones the first',
      [asks('slipway', { release: 'r', at: '1' }), asks('slipway', { release: 's', at: '2' })],
      'slipway',
    ],
  ])('of several requests one stands: %s (trap 20)', async (_, requests, by) => {
    for (const request of requests) await ledger.requestRollback('api', request);
    expect((await ledger.service('api')).rollbackRequest).toEqual(requests.find((each) => each.by === by));
  });

  test('a request is written together with what else it changes, or not at all', async () => {
    const stable = servingNth(1);
    await ledger.requestRollback('api', asks('ana'), (record) => ({ ...record, stable }));
    expect(await ledger.service('api')).toMatchObject({ stable, rollbackRequest: { by: 'ana' } });
    await ledger.requestRollback('web', asks('ana'), () => undefined);
    expect((await ledger.service('web')).rollbackRequest).toBeUndefined();
  });

  test('the newest release of a commit is found among those of its builds (trap 25)', async () => {
    const first = nthRelease(3, 'failed');
    const again = nthRelease(3, 'building', { id: '3333333-99999999' });
    await ledger.create({ ...again, build: { ...again.build, createTime: '2026-01-09T00:00:00.000Z' } });
    await ledger.create(first);
    await ledger.create(nthRelease(4, 'building'));
    // Another commit may begin with the same seven characters.
    await ledger.create({ ...first, id: '3333333-77777777', commit: `3333333${'a'.repeat(33)}` });
    expect((await ledger.ofCommit('api', first.commit))?.id).toBe('3333333-99999999');
    expect(await ledger.ofCommit('web', first.commit)).toBeUndefined();
  });

  test('names the services that have a record', async () => {
    await ledger.updateService('web', (record) => record);
    await ledger.updateService('api', (record) => record);
    expect(await ledger.services()).toEqual(['api', 'web']);
  });

  test.each([objects.release(release), objects.service('api')])(
    'says which object it is that cannot be read: %s',
    async (object) => {
      await bucket.write(object, JSON.stringify({ schemaVersion: 1 }), 'application/json');
      const read = object.startsWith('services') ? ledger.service('api') : ledger.release(release);
      await expect(read).rejects.toThrow(`${object} cannot be read: another version of the pipeline`);
    },
  );

  test('gives up, and says so, when others are faster twenty times in a row', async () => {
    await ledger.create(release);
    const crowded = openLedger({ ...bucket, writeIf: () => Promise.resolve(undefined) }, time);
    await expect(crowded.record(release, build('SUCCESS'))).rejects.toThrow('20 times in a row');
  });

  test('has an empty record for a service that nothing was released of', async () => {
    expect(await ledger.service('web')).toEqual(newServiceRecord('web'));
  });
});

describe('a lease', () => {
  test('is one holder’s until it runs out or is given back', async () => {
    let now = 0;
    const first = await takeLease(bucket, 'lease', 15, () => now);
    expect(first).toBeDefined();
    expect(await takeLease(bucket, 'lease', 15, () => now)).toBeUndefined();
    now = 10_000;
    expect(await first?.renew(15)).toBe(true);
    now = 20_000;
    expect(await takeLease(bucket, 'lease', 15, () => now)).toBeUndefined();
    now = 26_000;
    const second = await takeLease(bucket, 'lease', 15, () => now);
    expect(second).toBeDefined();
    // The first holder is late: it neither renews nor ends the second one's.
    expect(await first?.renew(15)).toBe(false);
    await first?.release();
    expect(await takeLease(bucket, 'lease', 15, () => now)).toBeUndefined();
    await second?.release();
    expect(await takeLease(bucket, 'lease', 15, () => now)).toBeDefined();
  });

  test('goes to one of many', async () => {
    const taken = await Promise.all(Array.from({ length: 8 }, () => takeLease(bucket, 'lease', 15, () => 0)));
    expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1);
  });
});
