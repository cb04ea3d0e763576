import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import type { CommitStatus, GitHub } from '../../../functions/platform/github.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { takeLease } from '../../../functions/release/lease.ts';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { newServiceRecord } from '../../../functions/release/release.ts';
import { reportStatus, type DesiredStatus } from '../../../functions/release/statuses.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { releaseAt } from '../../support/release.ts';

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

  test('trap 4: writers that race lose nothing', async () => {
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

  test('a rollback that was asked for is in the sight of the tick until it is closed; the first request wins', async () => {
    const request = { revision: 'api-1', by: 'ana', why: 'bad', at: '1' };
    expect((await ledger.requestRollback('api', request)).rollbackRequest).toEqual(request);
    expect((await ledger.requestRollback('api', { ...request, by: 'bo', at: '2' })).rollbackRequest).toEqual(
      request,
    );
    expect(await ledger.active()).toEqual(['active/api/rollback']);
    const marker = await ledger.rollbackMarker('api');
    await ledger.requestRollback('api', { ...request, at: '3' });
    await ledger.closeRollback('api', marker ?? '');
    expect(await ledger.active()).toHaveLength(1);
    await ledger.closeRollback('api', (await ledger.rollbackMarker('api')) ?? '');
    expect(await ledger.active()).toEqual([]);
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

describe('a status at GitHub', () => {
  const wish = (rank: number, part: Partial<DesiredStatus> = {}): DesiredStatus => ({
    context: 'slipway/api/build',
    state: rank === 1 ? 'pending' : 'success',
    description: `rank ${rank}`,
    targetUrl: 'http://log',
    buildCreateTime: '2026-01-01T00:00:00.000Z',
    rank,
    ...part,
  });
  /** Keeps what was posted, in order; `before` runs first, as a slow network would let it. */
  const recorder = (before: (posted: CommitStatus[]) => Promise<void> = () => Promise.resolve()) => {
    const posted: CommitStatus[] = [];
    return {
      posted,
      github: {
        async createStatus(_commit: string, status: CommitStatus) {
          await before(posted);
          posted.push(status);
          return { accepted: true } as const;
        },
      },
    };
  };
  const commit = 'a'.repeat(40);
  let now = Date.parse('2026-01-01T00:00:00.000Z');
  const report = (github: GitHub, sha: string, status: DesiredStatus): Promise<string> =>
    reportStatus({ bucket, github, now: () => new Date(now) }, sha, status);
  const texts = (posted: readonly CommitStatus[]): string[] => posted.map(({ description }) => description);

  test.each<[string, DesiredStatus[], string[], string]>([
    ['trap 28: the same twice is posted once', [wish(1), wish(1)], ['rank 1'], 'already'],
    ['a later state replaces an earlier one', [wish(1), wish(2)], ['rank 1', 'rank 2'], 'posted'],
    ['trap 3: an earlier state never replaces a later one', [wish(2), wish(1)], ['rank 2'], 'outdated'],
    [
      'trap 25: a rerun starts anew',
      [wish(2), wish(1, { buildCreateTime: '2026-01-02T00:00:00.000Z' })],
      ['rank 2', 'rank 1'],
      'posted',
    ],
    [
      'trap 25: the earlier build has nothing more to say',
      [wish(1, { buildCreateTime: '2026-01-02T00:00:00.000Z' }), wish(2)],
      ['rank 1'],
      'outdated',
    ],
  ])('%s', async (_, wishes, expected, last) => {
    const { github, posted } = recorder();
    let outcome = '';
    for (const status of wishes) outcome = await report(github, commit, status);
    expect(texts(posted)).toEqual(expected);
    expect(outcome).toBe(last);
  });

  test('trap 4: a handler that was slow to post leaves no old state behind', async () => {
    const { github, posted } = recorder();
    let overtaken = false;
    const slow = recorder(async () => {
      // While the pending state is on its way, the build ends and somebody else reports that.
      if (!overtaken) {
        overtaken = true;
        await report(github, commit, wish(2));
        slow.posted.push(...posted.splice(0));
      }
    });
    await report(slow.github, commit, wish(1));
    expect(texts(slow.posted)).toEqual(['rank 2', 'rank 1', 'rank 2']);
  });

  test('a post that failed is made again by whoever looks next', async () => {
    const failing = recorder(() => Promise.reject(new Error('502')));
    await expect(report(failing.github, commit, wish(2))).rejects.toThrow('502');
    const { github, posted } = recorder();
    // At first it may still be on its way.
    expect(await report(github, commit, wish(2))).toBe('held');
    now += 30_000;
    expect(await report(github, commit, wish(2))).toBe('posted');
    expect(texts(posted)).toEqual(['rank 2']);
  });

  test('trap 28: of many who wish the same at once, one posts', async () => {
    const { github, posted } = recorder();
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => report(github, commit, wish(2))));
    expect(texts(posted)).toEqual(['rank 2']);
    expect(outcomes.filter((outcome) => outcome === 'posted')).toHaveLength(1);
    expect(await report(github, commit, wish(2))).toBe('already');
  });

  test('trap 28: what GitHub will never take is not asked for again', async () => {
    let asked = 0;
    const github: GitHub = {
      createStatus: () => {
        asked += 1;
        return Promise.resolve({ accepted: false, reason: 'No commit found for SHA' });
      },
    };
    expect([await report(github, commit, wish(2)), await report(github, commit, wish(2))]).toEqual([
      'refused',
      'refused',
    ]);
    expect(asked).toBe(1);
  });

  test('a description that is too long is cut, not refused', async () => {
    const { github, posted } = recorder();
    await report(github, commit, wish(2, { description: 'x'.repeat(500) }));
    expect(await report(github, commit, wish(2, { description: 'x'.repeat(500) }))).toBe('already');
    expect(posted[0]?.description).toHaveLength(140);
  });
});
