import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Octokit } from '@octokit/rest';
import { openBucket } from '../../../functions/platform/cloud-storage.ts';
import { openGitHub } from '../../../functions/platform/github.ts';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { reportStatus, type DesiredStatus, type StatusPorts } from '../../../functions/release/statuses.ts';
import { clearFaults, firstOnly, setFaults } from '../../support/api-faults.ts';
import { gitHubCloud, type GitHubCloud } from '../../local/github/github-cloud.ts';
import { bucket, makeBucket, storageCloud, type StorageCloud } from '../../local/storage/storage-cloud.ts';

let storage: StorageCloud;
let cloud: GitHubCloud;
let ports: StatusPorts;
let nowMs: number;

beforeEach(async () => {
  [storage, cloud] = await Promise.all([storageCloud(), gitHubCloud()]);
  await makeBucket(storage);
  nowMs = 1_000_000;
  ports = {
    bucket: openBucket(
      createGoogleApi(storage.context.origin, () => Promise.resolve()),
      bucket,
    ),
    github: openGitHub({
      apiUrl: cloud.context.origin,
      token: 'writer',
      repository: { owner: 'acme', name: 'web' },
    }),
    now: () => new Date(nowMs),
  };
});
afterEach(() => Promise.all([storage.close(), cloud.close()]));

const desired = (part: Partial<DesiredStatus> = {}): DesiredStatus => ({
  state: 'pending',
  context: 'slipway/api/build',
  description: 'is building',
  targetUrl: '',
  buildCreateTime: '2026-01-01T00:00:00.000Z',
  rank: 1,
  ...part,
});
/** What GitHub shows for the context, the newest first. */
const posted = async (): Promise<(string | null)[]> => {
  const octokit = new Octokit({ auth: 'reader', baseUrl: cloud.context.origin });
  const { data } = await octokit.rest.repos.listCommitStatusesForRef({
    ...{ owner: 'acme', repo: 'web', ref: cloud.main },
  });
  return data.map(({ description }) => description);
};

test('an older state never takes the place of a newer one (trap 3)', async () => {
  await reportStatus(ports, cloud.main, desired({ state: 'success', description: 'was built', rank: 2 }));
  expect(await reportStatus(ports, cloud.main, desired())).toBe('outdated');
  expect(await posted()).toEqual(['was built']);
});

test('of many that wish the same one posts (trap 2)', async () => {
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => reportStatus(ports, cloud.main, desired())));
  expect(outcomes.filter((outcome) => outcome === 'posted')).toHaveLength(1);
  expect(await posted()).toEqual(['is building']);
});

test.each(['error-after-effect', 'timeout-after-effect', 'refuse-503'])(
  'is posted once although a write to the bucket was answered by %s',
  async (fault) => {
    await setFaults(storage.context.origin, ...firstOnly({ method: 'POST' }, fault));
    expect(await reportStatus(ports, cloud.main, desired())).toBe('posted');
    expect(await reportStatus(ports, cloud.main, desired())).toBe('already');
    expect(await posted()).toEqual(['is building']);
  },
);

test('a post without an answer may be on its way, and is made again a little later', async () => {
  await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'timeout-before' });
  await expect(reportStatus(ports, cloud.main, desired())).rejects.toThrow();
  await clearFaults(cloud.context.origin);
  expect(await reportStatus(ports, cloud.main, desired())).toBe('held');
  nowMs += 20_000;
  expect(await reportStatus(ports, cloud.main, desired())).toBe('posted');
  expect(await posted()).toEqual(['is building']);
});

test('who comes again after GitHub has answered with an error posts at once', async () => {
  await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'refuse-500' });
  await expect(reportStatus(ports, cloud.main, desired())).rejects.toThrow();
  await clearFaults(cloud.context.origin);
  expect(await reportStatus(ports, cloud.main, desired())).toBe('posted');
  expect(await posted()).toEqual(['is building']);
});

test('while GitHub asks to be left alone nobody posts, and somebody does afterwards (trap 28)', async () => {
  await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'refuse-429', retryAfterSeconds: 90 });
  await expect(reportStatus(ports, cloud.main, desired())).rejects.toMatchObject({ retryAfterSeconds: 90 });
  await clearFaults(cloud.context.origin);
  nowMs += 89_000;
  expect(await reportStatus(ports, cloud.main, desired())).toBe('held');
  expect(await posted()).toEqual([]);
  nowMs += 1_000;
  expect(await reportStatus(ports, cloud.main, desired())).toBe('posted');
  expect(await posted()).toEqual(['is building']);
});

test('a commit that GitHub does not have is refused once and not asked for again', async () => {
  const absent = 'f'.repeat(40);
  expect(await reportStatus(ports, absent, desired())).toBe('refused');
  await setFaults(cloud.context.origin, 1, { probability: 1, fault: 'refuse-500' });
  expect(await reportStatus(ports, absent, desired())).toBe('refused');
});
