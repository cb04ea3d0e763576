import { expect, test } from '@jest/globals';
import type { Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { planPromotion } from '../../../scripts/people/plan-promotion.ts';
import {
  decision,
  digest,
  frozenBy,
  now,
  old,
  policy,
  recordWith,
  releaseOf,
  rolling,
  step,
  verdict,
} from './people-samples.ts';

test.each<[string, Release, RegExp]>([
  ['with traffic skips what is left', rolling(), /gets all traffic of api, without 25 % in between\./],
  [
    'that is verified gets its first step first',
    releaseOf('c'),
    /gets 5 % first, and then all traffic of api, without 25 % in between\./,
  ],
  ['without steps skips nothing', releaseOf('c', {}, policy({ steps: [] })), /gets all traffic of api\. /],
  [
    'that verification cannot tell of',
    releaseOf('c', { verdict: verdict('inconclusive') }),
    /inconclusive: 41 of 380/,
  ],
])('a release %s', (_, release, says) => {
  expect(planPromotion('api', recordWith(), [release], undefined, now)).toMatchObject({
    kind: 'do',
    release: { id: release.id },
    says: expect.stringMatching(says) as unknown,
    danger: expect.stringMatching(/everybody gets api-ccccccc-33333333/) as unknown,
  });
});

test.each<[string, Release[], ServiceRecord, RegExp]>([
  ['nothing is under way', [], recordWith(), /^api has no release that could be promoted/],
  [
    'it is not verified',
    [releaseOf('c', { verdict: undefined })],
    recordWith(),
    /has to be verified first\n.*no verdict yet/,
  ],
  [
    'it is unhealthy at its step',
    [rolling({ steps: [step(5, { verdict: verdict('unhealthy') })] })],
    recordWith(),
    /unhealthy is taken back and cannot be promoted/,
  ],
  [
    'it is taken back with its set',
    [rolling({ withdrawn: { at: '', reason: 'web is bad' } })],
    recordWith(),
    /being taken back: web is bad/,
  ],
  [
    'its build has not ended',
    [releaseOf('c', { build: { ...releaseOf('c').build, status: 'WORKING' } })],
    recordWith(),
    /Its build is WORKING/,
  ],
  [
    'its commit is quarantined (trap 25)',
    [rolling()],
    recordWith({
      quarantine: [{ at: '', release: 'x', commit: 'c'.repeat(40), digest, reason: 'it failed' }],
    }),
    /must not go out: this commit was taken back/,
  ],
  ['a newer one is live', [releaseOf('a')], recordWith(), /must not go out: a newer release is live/],
  ['it has all traffic', [rolling({ steps: [step(100)] })], recordWith(), /has all traffic already/],
  [
    'the service is frozen',
    [rolling()],
    recordWith({ frozen: frozenBy('takeover') }),
    /^api is frozen by ana/,
  ],
  [
    'a rollback is under way',
    [rolling()],
    recordWith({ rollbackRequest: { revision: old, ...decision } }),
    /^a rollback of api/,
  ],
  [
    'two are under way',
    [rolling(), releaseOf('b')],
    recordWith(),
    /^2 releases .* name one with --release: ccccccc-33333333 .*, bbbbbbb-22222222/,
  ],
])('is refused when %s', (_, underWay, record, reason) => {
  expect(planPromotion('api', record, underWay, undefined, now)).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(reason) as unknown,
  });
});

test('the named one of two is meant', () => {
  const intent = planPromotion('api', recordWith(), [rolling(), releaseOf('a')], rolling().id, now);
  expect(intent).toMatchObject({ kind: 'do', release: { id: rolling().id } });
});

test('one that was promoted is not promoted again', () => {
  expect(planPromotion('api', recordWith(), [rolling({ promoted: decision })], undefined, now)).toMatchObject(
    {
      kind: 'already',
      says: expect.stringContaining('promoted by ben@example.com') as unknown,
    },
  );
});
