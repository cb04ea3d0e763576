import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CloudBuild } from '../../../functions/platform/cloud-build.ts';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { openLedger, type Ledger } from '../../../functions/release/ledger.ts';
import type { Release } from '../../../functions/release/release.ts';
import { newServiceRecord } from '../../../functions/release/service-record.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { namedRelease, newestRelease } from '../../../scripts/status/find-release.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { at, serving, withStable } from '../../support/told-releases.ts';
import { scenes } from '../../support/told-scenes.ts';

let cloud: TestCloud;
let bucket: Bucket;
let ledger: Ledger;

const { release: first } = scenes.live;
const rerun: Release = {
  ...first,
  id: '3f2a1bc-ffffffff',
  build: { ...first.build, id: 'ffffffff-1111-4222-8333-444455556666', createTime: at(5000) },
};

beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room]);
  const api = createGoogleApi(cloud.context.origin);
  await api.request('storage', '/storage/v1/b', {
    method: 'POST',
    query: { project: 'p' },
    json: { name: 'state' },
  });
  bucket = openBucket(api, 'state');
  ledger = openLedger(bucket, { now: () => new Date(), sleep: () => Promise.resolve() });
  await ledger.create(first);
  await ledger.create(rerun);
});
afterAll(async () => {
  await cloud.close();
});

test.each([
  ['an id', first.id, first.id],
  ['the beginning of an id', '3f2a1bc-0', first.id],
  ['a commit, of whose releases it is the newest', first.commit, rerun.id],
  ['the beginning of a commit', '3f2a', rerun.id],
  ['a longer beginning of a commit', first.commit.slice(0, 12), rerun.id],
  ['another commit that begins alike', `3f2a1bc${'9'.repeat(33)}`, undefined],
  ['nothing that is known', 'abc', undefined],
])('a release by %s', async (_, start, expected) => {
  expect((await namedRelease(bucket, ledger, 'api', start))?.id).toBe(expected);
});

const build = (release: Release, service: string, purpose: string): CloudBuild => ({
  ...release.build,
  status: 'SUCCESS',
  statusDetail: '',
  failure: '',
  commit: release.commit,
  repository: 'o/r',
  branch: release.branch,
  substitutions: { _SERVICE: service, _PURPOSE: purpose },
  steps: [],
  seconds: 1,
});

test('the newest release is that of the newest build of the service that makes one', async () => {
  const builds = [
    build({ ...first, build: { ...first.build, id: '99999999' } }, 'api', 'release'),
    build(rerun, 'web', 'release'),
    build(rerun, 'api', 'checks'),
    build(first, 'api', 'release'),
  ];
  expect((await newestRelease(ledger, withStable(), builds))?.id).toBe(first.id);
});

test('where all builds are long ago it is what serves', async () => {
  const record = withStable({ stable: serving(`api-${rerun.id}`, at(0)) });
  expect((await newestRelease(ledger, record, []))?.id).toBe(rerun.id);
  expect(await newestRelease(ledger, newServiceRecord('api'), [])).toBeUndefined();
});
