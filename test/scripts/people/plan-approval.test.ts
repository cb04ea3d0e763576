import { describe, expect, test } from '@jest/globals';
import { transition } from '../../../functions/release/transitions.ts';
import { plan } from '../../../functions/rollout/plan.ts';
import type { Release } from '../../../functions/release/release.ts';
import type { ServiceRecord } from '../../../functions/release/service-record.ts';
import { awaitedApproval } from '../../../scripts/people/awaited-approval.ts';
import { planApproval } from '../../../scripts/people/plan-approval.ts';
import {
  candidate,
  decision,
  digest,
  frozenBy,
  now,
  old,
  policy,
  recordWith,
  releaseOf,
  rolling,
  running,
  step,
  verdict,
} from './people-samples.ts';

const asks = policy({ onInconclusive: 'ask' });
const listed = policy({ approve: [5, 25, 100] });
const at5 = (word: 'healthy' | 'inconclusive' | 'unhealthy'): Partial<Release> => ({
  steps: [step(5, { verdict: verdict(word) })],
});
/** What is asked for while the release is at its step. */
const claimed = (percent: number): ServiceRecord =>
  recordWith({
    rollingOut: { release: rolling().id, order: '9' },
    traffic: {
      asked: [
        { revision: old, percent: 100 - percent },
        { revision: candidate, percent },
      ],
      before: [],
      at: '',
      by: '',
    },
  });

describe('a percent is waited for', () => {
  const waits: readonly [string, Release, number | undefined][] = [
    ['first traffic that the policy lists', releaseOf('c', {}, listed), 5],
    [
      'first traffic after a verdict that cannot tell',
      releaseOf('c', { verdict: verdict('inconclusive') }),
      5,
    ],
    ['first traffic that is not listed', releaseOf('c'), undefined],
    ['not verified', releaseOf('c', { verdict: undefined }, listed), undefined],
    ['the next step that the policy lists', rolling(at5('healthy'), listed), 25],
    ['the next step, not judged yet', rolling({}, listed), undefined],
    ['the next step, not served yet', rolling({ steps: [{ percent: 5, askedAt: '' }] }, listed), undefined],
    ['cannot tell, and the policy says to ask', rolling(at5('inconclusive'), asks), 25],
    ['cannot tell, and the policy says to go on', rolling(at5('inconclusive')), undefined],
    [
      'cannot tell, and the policy says to wait',
      rolling(at5('inconclusive'), policy({ onInconclusive: 'wait', approve: [25] })),
      undefined,
    ],
    ['healthy, and the policy would ask', rolling(at5('healthy'), asks), undefined],
    ['unhealthy', rolling(at5('unhealthy'), listed), undefined],
    [
      'all traffic, which the policy lists',
      rolling({ steps: [step(25, { verdict: verdict('healthy') })] }, listed),
      100,
    ],
    [
      'has all traffic',
      rolling({ steps: [step(100, { verdict: verdict('inconclusive') })] }, asks),
      undefined,
    ],
    ['is taken back', rolling({ ...at5('healthy'), withdrawn: { at: '', reason: '' } }, listed), undefined],
    ['was promoted', rolling({ ...at5('healthy'), promoted: decision }, listed), undefined],
    [
      'was approved',
      rolling({ ...at5('healthy'), approvals: [{ percent: 25, ...decision }] }, listed),
      undefined,
    ],
  ];

  test.each(waits)('%s', (_, release, percent) => {
    expect(awaitedApproval(release, recordWith())?.percent).toBe(percent);
  });

  test.each(waits.filter(([, , percent]) => percent !== undefined))(
    '%s: rollout waits for exactly this, and goes on with it',
    (_, release, percent) => {
      const current = release.steps.at(-1)?.percent ?? 0;
      const situation = {
        record: current === 0 ? recordWith() : claimed(current),
        service: running(current === 0 ? { [old]: 100 } : { [old]: 100 - current, [candidate]: current }),
        failed: new Set<string>(),
        set: [],
        unrecorded: [],
        now,
      };
      expect(plan({ ...situation, release }).kind).toBe('nothing');
      const approved = transition(
        release,
        { kind: 'approved', percent: percent ?? 0, decision },
        decision.at,
      );
      if (approved.kind !== 'changed') throw new Error(approved.kind);
      expect(plan({ ...situation, release: approved.release })).toMatchObject({ kind: 'step', percent });
    },
  );
});

test('shows the release, its verdict and its figures, and what it gets', () => {
  const intent = planApproval('api', claimed(5), [rolling(at5('healthy'), listed)], undefined, now);
  expect(intent).toMatchObject({
    kind: 'do',
    percent: 25,
    danger: undefined,
    says: expect.stringMatching(
      /commit ccccccc on main, is rolling-out with 5 % for 4 min; healthy: 41 of 380 answers were errors.\n.*has a person approve 25 %.* gets 25 % of the traffic of api/,
    ) as unknown,
  });
});

test('of two that wait the newer one is meant, which the other gives way to', () => {
  const both = [releaseOf('a', {}, listed), releaseOf('c', {}, listed)];
  expect(planApproval('api', recordWith({}), both, undefined, now)).toMatchObject({
    release: { id: rolling().id },
  });
});

test.each<[string, ServiceRecord, Release[], number | undefined, RegExp]>([
  [
    'no release',
    recordWith(),
    [],
    undefined,
    /^nothing of api waits for approval; no release of it is under way/,
  ],
  [
    'one that is watched',
    claimed(5),
    [rolling({}, listed)],
    undefined,
    /^nothing of api waits.*\napi-ccccccc.*no verdict yet\.\n.*npm run promote -- api/,
  ],
  [
    'another percent than it waits for',
    claimed(5),
    [rolling(at5('healthy'), listed)],
    100,
    /waits for approval of 25 %, not of 100 %: npm run approve -- api 25/,
  ],
  [
    'a frozen service',
    recordWith({ frozen: frozenBy('person') }),
    [releaseOf('c', {}, listed)],
    undefined,
    /^api is frozen by ana@example.com 4 min ago: orders fail; .*npm run release -- api/,
  ],
  [
    'a rollback under way',
    recordWith({ rollbackRequest: { revision: old, ...decision } }),
    [releaseOf('c', {}, listed)],
    undefined,
    /^a rollback of api to api-bbbbbbb-22222222 is under way/,
  ],
])('%s cannot be approved, and why', (_, record, underWay, percent, reason) => {
  expect(planApproval('api', record, underWay, percent, now)).toEqual({
    kind: 'refused',
    reason: expect.stringMatching(reason) as unknown,
  });
});

test('the samples are what the record says of them', () => {
  expect(releaseOf('c').candidate).toMatchObject({
    revision: candidate,
    image: expect.stringContaining(digest) as unknown,
  });
});
