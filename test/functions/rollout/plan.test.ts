import { describe, expect, test } from '@jest/globals';
import type { RunService, TrafficTarget } from '../../../functions/platform/cloud-run.ts';
import { newServiceRecord, type Release, type ServiceRecord } from '../../../functions/release/release.ts';
import { allTrafficTo, isAllTrafficTo, percentOf, plan } from '../../../functions/rollout/plan.ts';
import { candidate, healthy, releaseAt } from '../../support/release.ts';

const old = 'api-0000000-00000000';
const to = (revision: string, percent: number, tag?: string): TrafficTarget => ({ revision, percent, tag });
const tagged = to(candidate.revision, 0, 'c-aaaaaaa-11111111');

const service = (part: Partial<RunService> = {}): RunService => ({
  name: 'projects/p/locations/l/services/api',
  etag: '"1"',
  url: 'http://api',
  traffic: [to(old, 100), tagged],
  serving: [
    { ...to(old, 100), url: undefined },
    { ...tagged, url: 'http://tag' },
  ],
  settled: true,
  failure: undefined,
  open: true,
  ...part,
});
const served = (percent: number): Pick<RunService, 'traffic' | 'serving'> => ({
  traffic: [to(candidate.revision, 100), tagged],
  serving: [{ ...to(candidate.revision, percent), url: undefined }],
});
const verified = (part: Partial<Release> = {}): Release => {
  const release = releaseAt('verifying', { verdict: healthy });
  return { ...release, build: { ...release.build, status: 'SUCCESS' }, ...part };
};
const stable = (buildCreateTime: string): ServiceRecord => ({
  ...newServiceRecord('api'),
  stable: {
    release: 'x',
    revision: old,
    image: 'i',
    commit: 'b'.repeat(40),
    buildCreateTime,
    since: buildCreateTime,
  },
});

test.each<[string, Release, ServiceRecord, RunService | undefined, string]>([
  ['not verified yet', releaseAt('verifying'), newServiceRecord('api'), service(), 'nothing'],
  [
    'trap 27: verified before the build has ended',
    releaseAt('verifying', { verdict: healthy }),
    newServiceRecord('api'),
    service(),
    'nothing',
  ],
  ['verified, and the build has ended', verified(), newServiceRecord('api'), service(), 'begin'],
  [
    'a rollback was asked for',
    verified(),
    { ...newServiceRecord('api'), rollbackRequest: { revision: old, by: 'x', why: 'y', at: 'z' } },
    service(),
    'nothing',
  ],
  [
    'trap 9: an older commit does not overtake a newer one',
    verified(),
    stable('2026-02-01T00:00:00.000Z'),
    service(),
    'supersede',
  ],
  ['the live one is older', verified(), stable('2025-12-01T00:00:00.000Z'), service(), 'begin'],
  [
    'trap 27: an image that the build did not push',
    verified({ build: { ...verified().build, digests: ['sha256:other'] } }),
    newServiceRecord('api'),
    service(),
    'reject',
  ],
  [
    'rolling out, traffic not asked for',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service(),
    'set-traffic',
  ],
  [
    'trap 15: asked for, not there yet',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service({ ...served(0), settled: false }),
    'settle',
  ],
  [
    'trap 13: desired is not actual',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service(served(0)),
    'settle',
  ],
  ['there', releaseAt('rolling-out'), newServiceRecord('api'), service(served(100)), 'confirm'],
  [
    'the first release opens its service',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service({ ...served(100), open: false }),
    'set-open',
  ],
  [
    'Cloud Run could not',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service({ ...served(0), failure: 'no quota' }),
    'take-back',
  ],
  [
    'trap 27: a build that names no image',
    verified({ build: { ...verified().build, digests: [] } }),
    newServiceRecord('api'),
    service(),
    'reject',
  ],
  [
    'trap 18: a newer build is being rolled out',
    verified(),
    {
      ...newServiceRecord('api'),
      rollingOut: { release: 'newer', buildCreateTime: '2026-02-01T00:00:00.000Z' },
    },
    service(),
    'supersede',
  ],
  [
    'trap 18: an older build is being rolled out',
    verified(),
    {
      ...newServiceRecord('api'),
      rollingOut: { release: 'older', buildCreateTime: '2025-12-01T00:00:00.000Z' },
    },
    service(),
    'begin',
  ],
  [
    'trap 20: a person took the service back after the build was started',
    releaseAt('rolling-out'),
    { ...newServiceRecord('api'), rolledBackAt: '2026-01-01T00:10:00.000Z' },
    service(),
    'supersede',
  ],
  [
    'trap 20: a build that was started after that goes live',
    verified(),
    { ...newServiceRecord('api'), rolledBackAt: '2025-12-31T00:00:00.000Z' },
    service(),
    'begin',
  ],
  [
    'served, while the service complains of something else',
    releaseAt('rolling-out'),
    newServiceRecord('api'),
    service({ ...served(100), failure: 'api-other is not ready' }),
    'confirm',
  ],
  ['live already', releaseAt('live'), newServiceRecord('api'), service(served(100)), 'nothing'],
  ['the service is gone', verified(), newServiceRecord('api'), undefined, 'nothing'],
])('%s', (_, release, record, running, kind) => {
  expect(plan(release, record, running).kind).toBe(kind);
});

describe('traffic', () => {
  test('trap 16: every tag is kept', () => {
    const traffic = allTrafficTo(candidate.revision, [
      to(old, 100, 'c-old'),
      tagged,
      to('api-older', 0, 'c-older'),
    ]);
    expect(traffic.filter(({ tag }) => tag !== undefined).map(({ tag }) => tag)).toEqual([
      'c-old',
      'c-aaaaaaa-11111111',
      'c-older',
    ]);
    expect(traffic.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
    expect(percentOf(candidate.revision, traffic)).toBe(100);
  });

  test('trap 13: a revision that did not start keeps no tag, for it would keep all others from their traffic', () => {
    const failed = new Set(['api-failed']);
    const current = [to(old, 100), to('api-failed', 0, 'c-failed'), tagged];
    expect(allTrafficTo(old, current, failed).map(({ tag }) => tag)).toEqual([undefined, tagged.tag]);
    expect(isAllTrafficTo(old, current, failed)).toBe(false);
    const release = releaseAt('rolling-out');
    const lingering = service({ ...served(100), failure: 'api-failed is not ready' });
    const asked = { ...lingering, traffic: [...lingering.traffic, to('api-failed', 0, 'c-failed')] };
    expect(plan(release, newServiceRecord('api'), asked, failed)).toMatchObject({ kind: 'set-traffic' });
    expect(plan(release, newServiceRecord('api'), { ...lingering, ...served(0) }).kind).toBe('take-back');
  });

  test('trap 14: the first entry may be a tag with 0 %', () => {
    expect(percentOf(candidate.revision, [tagged, to(old, 100)])).toBe(0);
  });
});
