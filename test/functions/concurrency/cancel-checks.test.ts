import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeBuild } from '../../../functions/build-status/describe-build.ts';
import { readCancellation } from '../../../functions/release/cancellation.ts';
import { cancelOvertakenChecks } from '../../../functions/concurrency/handler.ts';
import { until } from '../../support/until.ts';
import { buildsCloud, repository, type BuildsCloud } from './builds-cloud.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [string, string, string];
const long = '#!/bin/sh\nexec sleep 60\n';

describe('with Cloud Build itself', () => {
  let cloud: BuildsCloud;
  beforeAll(async () => {
    // Two places: the third build stays queued.
    cloud = await buildsCloud(2);
  });
  afterAll(() => cloud.close());

  const statusOf = async (name: string): Promise<string> =>
    (await cloud.builds.get(name))?.status ?? 'absent';

  test('a newer push ends what works and what is queued, and says so', async () => {
    const branch = 'feature/x';
    const [first, second, other, newest] = [
      await cloud.submit({ purpose: 'checks', commit: a, branch, script: long }),
      await cloud.submit({ purpose: 'checks', commit: b, branch, script: long }),
      await cloud.submit({ purpose: 'checks', commit: b, branch: 'another', script: long }),
      await cloud.submit({ purpose: 'checks', commit: c, branch, script: long }),
    ];
    await until(
      async () => (await statusOf(first)) === 'WORKING' && (await statusOf(second)) === 'WORKING',
      'two builds work',
    );
    expect((await cloud.builds.ongoing()).map(({ status }) => status)).toEqual([
      'QUEUED',
      'QUEUED',
      'WORKING',
      'WORKING',
    ]);

    const { builds, bucket } = cloud;
    const ports = {
      builds,
      bucket,
      repository,
      github: { branchHead: async () => c },
      log: () => undefined,
    };
    await Promise.all([cancelOvertakenChecks(ports), cancelOvertakenChecks(ports)]);
    await cancelOvertakenChecks(ports);
    expect([await statusOf(first), await statusOf(second)]).toEqual(['CANCELLED', 'CANCELLED']);
    expect(await statusOf(other)).not.toBe('CANCELLED');
    expect(await statusOf(newest)).not.toBe('CANCELLED');

    const ended = await builds.get(first);
    if (!ended) throw new Error('the build is gone');
    const by = await readCancellation(bucket, ended.id);
    expect(by).toEqual({ by: newest.slice(newest.lastIndexOf('/') + 1), commit: c });
    const { description } = describeBuild(ended, { service: 'api', purpose: 'checks', commit: a }, by);
    expect(description).toContain('The checks build was cancelled: a newer push (ccccccc)');

    for (const name of [other, newest]) expect(await builds.cancel(name)).toBe('asked');
    expect(await builds.cancel(newest)).toBe('ended');
    await expect(builds.cancel(newest.replace(/[^/]+$/, 'absent'))).rejects.toThrow('cannot be cancelled');
    expect(await builds.ongoing()).toEqual([]);
  });
});
