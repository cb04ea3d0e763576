import { describe, expect, test } from '@jest/globals';
import type { Quarantined, ServiceRecord } from '../../../functions/release/service-record.ts';
import { isForeign, sharesOf } from '../../../functions/rollout/shares.ts';
import { planRelease, type ReleaseFacts } from '../../../scripts/people/plan-release.ts';
import {
  candidate,
  decision,
  digest,
  frozenBy,
  minutesAgo,
  now,
  old,
  older,
  policy,
  recordWith,
  releaseOf,
  rolling,
  running,
  serving,
} from './people-samples.ts';

const held: Quarantined = {
  at: minutesAgo(60),
  release: rolling().id,
  commit: 'c'.repeat(40),
  digest,
  reason: 'it failed',
};
const facts = (part: Partial<ReleaseFacts> = {}): ReleaseFacts => ({
  record: recordWith({ frozen: frozenBy('person') }),
  run: running({ [old]: 100 }),
  whole: releaseOf('b', { stage: 'live' }),
  rollingOut: undefined,
  lift: undefined,
  now,
  ...part,
});
/** The record afterwards. */
function after(given: ReleaseFacts): ServiceRecord {
  const intent = planRelease(given);
  const record = intent.kind === 'do' ? intent.change(given.record, decision) : undefined;
  if (!record) throw new Error(JSON.stringify(intent));
  return record;
}
const rolled: Partial<ReleaseFacts> = {
  record: recordWith({ frozen: frozenBy('person'), rollingOut: { release: rolling().id, order: '9' } }),
  run: running({ [old]: 95, [candidate]: 5 }),
  rollingOut: rolling(),
};

describe('what goes on', () => {
  test.each<[string, Partial<ReleaseFacts>, RegExp, RegExp | undefined]>([
    [
      'stable serves everything',
      {},
      /^api was frozen by ana@example.com 4 min ago: orders fail \(person\)\.\napi-bbbbbbb-22222222 serves 100 % and is stable\.$/,
      undefined,
    ],
    [
      'a rollout that was stopped',
      rolled,
      /serves api-bbbbbbb-22222222 95 %, api-ccccccc-33333333 5 %; the rollout of ccccccc-33333333 goes on with 5 %/,
      undefined,
    ],
    [
      'a rollout whose step was asked for, and is not served yet',
      { ...rolled, run: running({ [old]: 100 }) },
      /serves api-bbbbbbb-22222222 100 %; the rollout of ccccccc-33333333 goes on with 5 %/,
      undefined,
    ],
    [
      'a rollout that somebody has promoted by hand meanwhile',
      { ...rolled, run: running({ [candidate]: 100 }), whole: rolling() },
      /goes on with 5 %/,
      /set by hand, api-ccccccc-33333333 100 %, becomes api-bbbbbbb-22222222 95 %, api-ccccccc-33333333 5 % again; .*npm run promote -- api/,
    ],
    [
      'another revision of ours',
      { run: running({ [older]: 100 }), whole: releaseOf('a') },
      /becomes stable in place of api-bbbbbbb-22222222/,
      /compared with/,
    ],
    [
      'another one below the floor of the schema',
      {
        run: running({ [older]: 100 }),
        whole: releaseOf('a', {}, policy({}, { version: 1 })),
        record: recordWith({
          frozen: frozenBy('takeover'),
          schemaFloor: { version: 2, release: 'x', at: '' },
        }),
      },
      /becomes stable/,
      /made for schema 1/,
    ],
    [
      'after a way back that was closed',
      { record: recordWith({ frozen: frozenBy('no-way-back') }) },
      /is stable/,
      /what is bad may still serve: orders fail/,
    ],
  ])('%s', (_, part, says, danger) => {
    const given = facts(part);
    expect(planRelease(given)).toMatchObject({
      kind: 'do',
      says: expect.stringMatching(says) as unknown,
      danger: danger && (expect.stringMatching(danger) as unknown),
    });
    const record = after(given);
    expect(record.frozen).toBeUndefined();
    expect(record.log.at(-1)).toEqual({ ...decision, what: 'released' });
    // What a person left there is not somebody else's doing any more.
    expect(isForeign(sharesOf(given.run?.traffic ?? []), record)).toBe(false);
  });
});

test('a revision that a person chose is stable, and what was pushed before does not take the traffic from it (trap 20)', () => {
  const given = facts({ run: running({ [older]: 100 }), whole: releaseOf('a') });
  expect(after(given)).toMatchObject({
    stable: { ...serving('a'), since: now.toISOString() },
    previousGood: undefined,
    rolledBackAt: given.record.frozen?.at,
  });
  expect(planRelease(given)).toMatchObject({ replaced: 'bbbbbbb-22222222' });
});

test.each<[string, Partial<ReleaseFacts>, RegExp]>([
  [
    'the traffic is split by hand',
    { run: running({ [old]: 50, [older]: 50 }) },
    /is split \(.*\) and no release .*npm run rollback -- api --to REVISION/,
  ],
  [
    'it is split with a release that is over',
    { ...rolled, rollingOut: rolling({ stage: 'cancelled' }) },
    /is split/,
  ],
  [
    'a revision serves that is not of ours',
    { run: running({ 'api-by-hand': 100 }), whole: undefined },
    /api-by-hand serves 100 % and is no release of this pipeline/,
  ],
  [
    'what is ready last serves (trap 9)',
    { run: running({}, { traffic: [{ revision: undefined, percent: 100, tag: undefined }] }) },
    /goes to whatever revision is ready last/,
  ],
  [
    'Cloud Run is at it (trap 15)',
    { run: running({ [old]: 100 }, { settled: false }) },
    /still changing api/,
  ],
  [
    'it does not serve what it is asked for (trap 13)',
    {
      run: running(
        { [old]: 100 },
        {
          serving: [{ revision: older, percent: 100, tag: undefined, url: undefined }],
          failure: 'no capacity',
        },
      ),
    },
    /serves api-aaaaaaa-11111111 100 %, where .* is asked for \(no capacity\)/,
  ],
  ['the service is gone', { run: undefined }, /has no service api/],
  [
    'a rollback is under way',
    {
      record: recordWith({ frozen: frozenBy('rollback'), rollbackRequest: { ...decision, revision: older } }),
    },
    /a rollback of api to api-aaaaaaa-11111111 is under way/,
  ],
  ['nothing is quarantined', { lift: 'all' }, /nothing of api is quarantined/],
  [
    'something else is quarantined',
    { lift: 'ddddddd', record: recordWith({ quarantine: [held] }) },
    /nothing quarantined that is called ddddddd; there is \nccccccc sha256:3+: it failed/,
  ],
  [
    'a beginning is too short to mean one',
    { lift: 'ccc', record: recordWith({ quarantine: [held] }) },
    /nothing quarantined that is called ccc/,
  ],
])('is refused when %s', (_, part, reason) => {
  expect(planRelease(facts(part))).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(reason) as unknown,
  });
});

test('a service that is not frozen is left alone', () => {
  expect(planRelease(facts({ record: recordWith() }))).toEqual({
    kind: 'already',
    says: 'api is not frozen; nothing was changed.',
  });
});

test.each(['all', 'ccccccc', 'c'.repeat(40), digest, '3333333', rolling().id])(
  'the quarantine of %s is lifted after asking, and the traffic is left alone',
  (lift) => {
    const other = {
      ...held,
      release: 'ddddddd-44444444',
      commit: 'd'.repeat(40),
      digest: `sha256:${'4'.repeat(64)}`,
    };
    const given = facts({ lift, record: recordWith({ quarantine: [held, other] }) });
    expect(planRelease(given)).toMatchObject({
      kind: 'do',
      danger: 'what was taken back may go out again',
      says: expect.stringMatching(
        /^Commit ccccccc, taken back 1 h ago \(it failed\), may go out again/,
      ) as unknown,
    });
    const { quarantine, traffic, log } = after(given);
    expect(quarantine).toEqual(lift === 'all' ? [] : [other]);
    expect(traffic).toEqual(given.record.traffic);
    expect(log.at(-1)?.what).toMatch(/^quarantine of commit ccccccc lifted/);
  },
);

test.each<[string, ServiceRecord]>([
  ['was frozen anew meanwhile', recordWith({ frozen: { ...frozenBy('takeover'), at: now.toISOString() } })],
  [
    'is being rolled back meanwhile',
    recordWith({ frozen: frozenBy('person'), rollbackRequest: { ...decision, revision: older } }),
  ],
  ['was released by another meanwhile', recordWith()],
])('a record that %s is left alone', (_, record) => {
  const intent = planRelease(facts());
  expect(intent.kind === 'do' && intent.change(record, decision)).toBeUndefined();
});
