import { expect, test } from '@jest/globals';
import type { Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { trafficOutcome } from '../../../scripts/people/traffic-outcome.ts';
import {
  decision,
  frozenBy,
  now,
  old,
  recordWith,
  releaseOf,
  rolling,
  step,
  verdict,
} from './people-samples.ts';

const ended = (stage: 'superseded' | 'rolled-back' | 'failed'): Release =>
  rolling({ stage, history: [{ at: '', stage, reason: 'for a reason' }] });

test.each<[string, Release, ServiceRecord, 'waiting' | 'done' | 'failed', RegExp]>([
  ['live', rolling({ stage: 'live' }), recordWith(), 'done', /is live/],
  [
    'at the percent',
    rolling({ steps: [step(5), step(25)] }),
    recordWith(),
    'done',
    /^api-ccccccc-33333333 serves 25 %\.$/,
  ],
  ['beyond it', rolling({ steps: [step(100)] }), recordWith(), 'done', /serves 100 %/],
  [
    'at the percent, frozen since',
    rolling({ steps: [step(25)] }),
    recordWith({ frozen: frozenBy('person') }),
    'done',
    /serves 25 %/,
  ],
  [
    'asked for',
    rolling({ steps: [{ percent: 25, askedAt: '' }] }),
    recordWith(),
    'waiting',
    /is being given 25 %/,
  ],
  ['a step before', rolling(), recordWith(), 'waiting', /serves 5 % so far/],
  ['no traffic yet', releaseOf('c'), recordWith(), 'waiting', /first traffic/],
  [
    'unhealthy',
    rolling({ steps: [step(5, { verdict: verdict('unhealthy') })] }),
    recordWith(),
    'waiting',
    /being taken back/,
  ],
  ['rolled back', ended('rolled-back'), recordWith(), 'failed', /is rolled-back: for a reason/],
  ['superseded', ended('superseded'), recordWith(), 'failed', /is superseded: for a reason/],
  [
    'frozen',
    rolling(),
    recordWith({ frozen: frozenBy('person') }),
    'failed',
    /did not get 25 %: api is frozen/,
  ],
  [
    'a rollback',
    rolling(),
    recordWith({ rollbackRequest: { ...decision, revision: old } }),
    'failed',
    /a rollback of api/,
  ],
])('%s', (_, release, record, kind, says) => {
  expect(trafficOutcome(release, record, 25, now)).toEqual({
    kind,
    says: expect.stringMatching(says) as unknown,
  });
});
