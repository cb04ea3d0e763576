import { expect, test } from '@jest/globals';
import {
  activeRelease,
  candidateTag,
  maxServiceNameLength,
  objects,
  releaseKey,
  releaseOf,
  revisionName,
  serviceOf,
} from '../../../functions/release/naming.ts';

const key = releaseKey('api', '3f2a1bc9'.repeat(5), '0d97c63e-1111-4222-8333-444455556666');

test('a release, its revision and its tag are named after commit and build (trap 10)', () => {
  expect(key).toEqual({ service: 'api', id: '3f2a1bc-0d97c63e' });
  expect(revisionName(key)).toBe('api-3f2a1bc-0d97c63e');
  expect(candidateTag(key)).toBe('c-3f2a1bc-0d97c63e');
});

test('the longest service name leaves room for the tag in a host name', () => {
  const longest = { ...key, service: 's'.repeat(maxServiceNameLength) };
  expect(`${candidateTag(longest)}---${longest.service}`).toHaveLength(63);
  expect(revisionName(longest).length).toBeLessThanOrEqual(63);
});

test.each<[string, string]>([
  [objects.release(key), 'releases/api/3f2a1bc-0d97c63e.json'],
  [objects.service('api'), 'services/api.json'],
  [objects.active(key), 'active/api/3f2a1bc-0d97c63e'],
  [objects.rollback('api'), 'active/api/rollback'],
  [objects.evidence(key), 'evidence/api/3f2a1bc-0d97c63e.json'],
  [objects.report(key), 'reports/api/3f2a1bc-0d97c63e.md'],
  [objects.report(key, 'svg'), 'reports/api/3f2a1bc-0d97c63e.svg'],
  [objects.lease(key, 'verification'), 'leases/verification/api/3f2a1bc-0d97c63e.json'],
  [objects.status('3f2a', 'slipway/api/build'), 'statuses/3f2a/slipway%2Fapi%2Fbuild.json'],
])('%s', (name, expected) => {
  expect(name).toBe(expected);
});

test('names lead back to what they were made of', () => {
  expect(activeRelease(objects.active(key))).toEqual(key);
  expect(releaseOf(objects.release(key))).toEqual([key]);
  expect(serviceOf(objects.service('api'))).toEqual(['api']);
});

test.each(['active/api', 'active/api/x/y', 'releases/api/x', 'services/api', 'services/a/b.json', ''])(
  'another object is none of them: %j',
  (name) => {
    expect([activeRelease(name), ...releaseOf(name), ...serviceOf(name)]).toEqual([undefined]);
  },
);
