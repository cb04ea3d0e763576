import { expect, test } from '@jest/globals';
import { frozenBy, planFreeze } from '../../../scripts/people/plan-freeze.ts';
import * as samples from './people-samples.ts';

const { candidate, decision, now, old, older, recordWith } = samples;
const split = [
  { revision: candidate, percent: 5 },
  { revision: old, percent: 95 },
];

test('says what stays, what stops, and what is still carried out', () => {
  const record = recordWith({
    rollingOut: { release: 'ccccccc-33333333', order: '9' },
    rollbackRequest: { ...decision, revision: older },
  });
  expect(planFreeze(record, split, now)).toEqual({
    kind: 'do',
    danger: undefined,
    says: [
      'api stays as it is: api-bbbbbbb-22222222 95 %, api-ccccccc-33333333 5 %. Nothing of it is rolled forward, and nothing back by itself, until: npm run release -- api',
      'ccccccc-33333333 stops where it is.',
      'The rollback to api-aaaaaaa-11111111 that is under way is still carried out.',
    ].join('\n'),
  });
});

test('is written down with who and why; the traffic is left alone', () => {
  const record = recordWith();
  expect(frozenBy(record, decision)).toEqual({
    ...record,
    frozen: { ...decision, cause: 'person' },
    log: [{ ...decision, what: 'frozen' }],
  });
});

test('the first reason stands', () => {
  const record = recordWith({ frozen: samples.frozenBy('takeover') });
  expect(frozenBy(record, decision)).toBeUndefined();
  expect(planFreeze(record, split, now)).toMatchObject({
    kind: 'already',
    says: expect.stringContaining('by ana@example.com 4 min ago: orders fail') as unknown,
  });
});
