import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import type { CommitStatus, GitHub } from '../../../functions/platform/github.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import {
  handleReleaseStatusHint,
  type ReleaseStatusPorts,
} from '../../../functions/release-status/handler.ts';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import { objects } from '../../../functions/release/naming.ts';
import type { Release } from '../../../functions/release/release.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { canaryTo25, told, withStable } from '../../support/told-releases.ts';
import { scenes } from '../../support/told-scenes.ts';

let cloud: TestCloud;
let bucket: Bucket;
let ledger: Ledger;
let ports: ReleaseStatusPorts;
let posted: CommitStatus[] = [];
/** Objects that were written, in order. */
let written: string[] = [];
let number = 0;

const time = { now: () => new Date('2026-01-01T10:00:00.000Z'), sleep: () => Promise.resolve() };
const github: GitHub = {
  createStatus: (_, status) => {
    posted.push(status);
    return Promise.resolve({ accepted: true });
  },
  branchHead: () => Promise.resolve(undefined),
};

beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room]);
});
afterAll(async () => {
  await cloud.close();
});
beforeEach(async () => {
  number += 1;
  posted = [];
  written = [];
  const api = createGoogleApi(cloud.context.origin);
  await api.request('storage', '/storage/v1/b', {
    method: 'POST',
    query: { project: 'p' },
    json: { name: `bucket-${number}` },
  });
  const opened = openBucket(api, `bucket-${number}`);
  bucket = {
    ...opened,
    writeIf: async (object, ...rest) => {
      const generation = await opened.writeIf(object, ...rest);
      if (generation !== undefined) written.push(object);
      return generation;
    },
  };
  ledger = openLedger(bucket, time);
  ports = {
    bucket,
    github,
    ledger,
    log: () => undefined,
    now: time.now,
    reportUrl: (object) => `https://reports/${object}`,
    commitUrl: (commit) => `https://github.com/o/r/commit/${commit}`,
  };
});

const rollingOut = told(canaryTo25);
const key = { service: 'api', id: rollingOut.id };
const hint = { service: 'api', release: rollingOut.id };
const stand = async (release: Release): Promise<void> => {
  await ledger.create(release);
  await ledger.updateService('api', () => withStable({ rollingOut: { release: release.id, order: '' } }));
  written = [];
};
const reports = [objects.report(key, 'svg'), objects.report(key, 'md')];

describe('release-status', () => {
  test('writes picture and report before the statuses that lead to them', async () => {
    await stand(rollingOut);
    const before: string[][] = [];
    const watched: GitHub = {
      ...github,
      createStatus: (commit, status) => {
        before.push(written.filter((object) => object.startsWith('reports/')));
        return github.createStatus(commit, status);
      },
    };
    await handleReleaseStatusHint({ ...ports, github: watched }, hint);
    expect(before).toEqual([reports, reports]);
    expect(posted.map(({ targetUrl }) => targetUrl)).toEqual([
      'https://reports/reports/api/3f2a1bc-0d97c63e.md',
      'https://reports/reports/api/3f2a1bc-0d97c63e.md',
    ]);
    expect((await bucket.read(objects.report(key)))?.text).toContain('| 25 % |');
    expect((await bucket.read(objects.report(key, 'svg')))?.text).toMatch(/^<svg /);
  });

  test('a message that comes twice writes and posts nothing more (trap 1)', async () => {
    await stand(rollingOut);
    await handleReleaseStatusHint(ports, hint);
    written = [];
    await handleReleaseStatusHint(ports, hint);
    expect(written).toEqual([]);
    expect(posted).toHaveLength(2);
  });

  test('handlers that race leave the report of the record that stands', async () => {
    await stand(rollingOut);
    await Promise.all([
      handleReleaseStatusHint(ports, hint),
      ledger
        .record(key, { kind: 'rolled-back', reason: 'it was bad' })
        .then(async () => handleReleaseStatusHint(ports, hint)),
      handleReleaseStatusHint(ports, hint),
    ]);
    await handleReleaseStatusHint(ports, hint);
    expect((await bucket.read(objects.report(key)))?.text).toContain('# api 3f2a1bc: rolled back');
    expect(posted.at(-1)).toMatchObject({
      state: 'failure',
      description: 'Rolled back from 25 %: it was bad',
    });
  });

  test('who has read an older record does not write its report over a newer one (trap 4)', async () => {
    await stand(rollingOut);
    let overtaken = false;
    const slow: Ledger = {
      ...ledger,
      release: async (asked) => {
        const release = await ledger.release(asked);
        if (!overtaken) {
          overtaken = true;
          await ledger.record(key, { kind: 'superseded', reason: 'newer' });
          await handleReleaseStatusHint(ports, hint);
        }
        return release;
      },
    };
    await handleReleaseStatusHint({ ...ports, ledger: slow }, hint);
    expect((await bucket.read(objects.report(key)))?.text).toContain('# api 3f2a1bc: superseded');
  });

  test('a settled release is closed once it is reported, and its report is left as it is then', async () => {
    const { release } = scenes['rolled-back'];
    await stand(release);
    await handleReleaseStatusHint(ports, hint);
    expect(await ledger.active()).toEqual([]);
    written = [];
    await ledger.updateService('api', () => withStable({ stable: undefined }));
    written = [];
    await handleReleaseStatusHint(ports, hint);
    expect(written).toEqual([]);
  });

  test('news of the service itself are about what is being rolled out there', async () => {
    await stand(rollingOut);
    await ledger.updateService('api', (record) => ({
      ...record,
      frozen: { at: '2026-01-01T09:59:00.000Z', by: 'Grace', why: 'an incident', cause: 'person' },
    }));
    await handleReleaseStatusHint(ports, { service: 'api' });
    expect(posted.at(-1)?.description).toBe('Frozen by Grace (npm run release -- api): an incident');
  });

  test('a release that nothing is known of yet has no report', async () => {
    await stand(scenes.verifying.release);
    await handleReleaseStatusHint(ports, hint);
    expect(written.filter((object) => object.startsWith('reports/'))).toEqual([]);
    expect(posted).toHaveLength(1);
  });

  test('a hint of a release that does not exist does nothing', async () => {
    await handleReleaseStatusHint(ports, hint);
    await handleReleaseStatusHint(ports, { service: 'api' });
    expect(posted).toEqual([]);
  });
});
