import { expect, test } from '@jest/globals';
import { describeRelease } from '../../../functions/release-status/describe-release.ts';
import type { Release } from '../../../functions/release/release.ts';
import { healthy, releaseAt, unhealthy } from '../../support/release.ts';

const says = (release: Release): string[] =>
  describeRelease(release, 'http://report').map(
    ({ context, state, description }) => `${context} ${state}: ${description}`,
  );

test.each<[string, Release, string[]]>([
  ['building', releaseAt('building'), []],
  ['a candidate', releaseAt('candidate'), ['slipway/api/verify pending: Verifying api-aaaaaaa-11111111']],
  [
    'verified, the build still runs',
    releaseAt('verifying', { verdict: healthy }),
    ['slipway/api/verify success: Healthy: 6 of 6 probes'],
  ],
  [
    'unhealthy',
    releaseAt('failed', { verdict: unhealthy }),
    ['slipway/api/verify failure: Unhealthy: answered 500'],
  ],
  ['the build failed before there was a candidate', { ...releaseAt('building'), stage: 'failed' }, []],
  [
    'the build failed while its candidate was verified',
    releaseAt('failed'),
    ['slipway/api/verify error: Not verified: failed'],
  ],
  [
    'trap 27: healthy, but rejected',
    releaseAt('failed', { verdict: healthy }),
    [
      'slipway/api/verify success: Healthy: 6 of 6 probes',
      'slipway/api/rollout failure: Not rolled out: for the test',
    ],
  ],
  [
    'moving',
    releaseAt('rolling-out'),
    [
      'slipway/api/verify success: Healthy: 6 of 6 probes',
      'slipway/api/rollout pending: Moving traffic to api-aaaaaaa-11111111',
    ],
  ],
  [
    'live',
    releaseAt('live'),
    [
      'slipway/api/verify success: Healthy: 6 of 6 probes',
      'slipway/api/rollout success: Live: api-aaaaaaa-11111111 serves 100 %',
    ],
  ],
  [
    'rolled back',
    releaseAt('rolled-back', { verdict: healthy }),
    [
      'slipway/api/verify success: Healthy: 6 of 6 probes',
      'slipway/api/rollout failure: Rolled back: for the test',
    ],
  ],
  [
    'trap 18: superseded before it was live',
    releaseAt('superseded', { verdict: healthy }),
    [
      'slipway/api/verify success: Healthy: 6 of 6 probes',
      'slipway/api/rollout success: Not rolled out: for the test',
    ],
  ],
])('%s', (_, release, expected) => {
  expect(says(release)).toEqual(expected);
});

test('one that was live and has been replaced keeps its success', () => {
  const live = releaseAt('live');
  const replaced: Release = {
    ...live,
    stage: 'superseded',
    history: [...live.history, { at: '', stage: 'superseded', reason: 'replaced' }],
  };
  expect(says(replaced)).toEqual(['slipway/api/verify success: Healthy: 6 of 6 probes']);
});

test('a verdict leads to its report, before there is one to the log', () => {
  expect(describeRelease(releaseAt('candidate'), 'http://report')[0]?.targetUrl).toBe('http://log');
  expect(describeRelease(releaseAt('live'), 'http://report')[0]?.targetUrl).toBe('http://report');
});
