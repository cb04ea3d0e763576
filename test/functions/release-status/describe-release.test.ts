import { describe, expect, test } from '@jest/globals';
import { describeRelease } from '../../../functions/release-status/describe-release.ts';
import type { Release } from '../../../functions/release/release.ts';
import { newServiceRecord, type ServiceRecord } from '../../../functions/release/service-record.ts';
import type { DesiredStatus } from '../../../functions/release/statuses.ts';
import { transition, type Observation } from '../../../functions/release/transitions.ts';
import {
  at,
  begun,
  canaryTo25,
  canaryToLive,
  policyOf,
  seen,
  told,
  withStable,
  worse,
} from '../../support/told-releases.ts';
import { scenes, type SceneName } from '../../support/told-scenes.ts';

const report = 'https://storage.cloud.google.com/b/reports/api/3f2a1bc-0d97c63e.md';
const statuses = (release: Release, record: ServiceRecord = withStable()): DesiredStatus[] =>
  describeRelease(release, record, report);
const says = (release: Release, record?: ServiceRecord): string[] =>
  statuses(release, record).map(({ context, state, description }) => `${context} ${state}: ${description}`);

const healthy = 'slipway/api/verify success: Healthy: 31 of 31 probes of /health answered 200 over 30.0 s';

test.each<[SceneName, string[]]>([
  ['building', []],
  ['verifying', ['slipway/api/verify pending: Verifying api-3f2a1bc-0d97c63e']],
  ['asked', [healthy, 'slipway/api/rollout pending: 5 % of the traffic, watched for 5 min to 20 min']],
  ['waiting', [healthy, 'slipway/api/rollout pending: Waiting for approval of 25 %: npm run approve -- api']],
  ['approved', [healthy, 'slipway/api/rollout pending: 25 % of the traffic, watched for 5 min to 20 min']],
  ['promoted', [healthy, 'slipway/api/rollout pending: 100 % of the traffic, watched for 10 min']],
  [
    'frozen',
    [healthy, 'slipway/api/rollout pending: Frozen by Grace (npm run release -- api): an incident elsewhere'],
  ],
  ['live', [healthy, 'slipway/api/rollout success: Live: api-3f2a1bc-0d97c63e serves 100 %']],
  ['rolled-back', [healthy, `slipway/api/rollout failure: Rolled back from 25 %: ${worse}`]],
  [
    'rolled-back-by-hand',
    [
      healthy,
      'slipway/api/rollout failure: Rolled back by Ada <ada@example.com>: rolled back to api-0c11d5e-77aa0b12: checkout is slow',
    ],
  ],
  [
    'superseded',
    [
      healthy,
      'slipway/api/rollout success: Stopped at 25 %: a newer release is being rolled out: 9b8c7d6-5e4f3a2b',
    ],
  ],
  [
    'taken-over',
    [
      healthy,
      'slipway/api/rollout error: Taken over at 25 % by grace@example.com: the traffic is api-x 100 %, where 25 % was asked for',
    ],
  ],
  [
    'inconclusive',
    [
      'slipway/api/verify pending: Inconclusive, a person decides (npm run approve -- api): /health answered 429 (60 times)',
      'slipway/api/rollout pending: Waiting for approval of 5 %: npm run approve -- api',
    ],
  ],
  [
    'failed',
    [
      'slipway/api/verify failure: Unhealthy: health check /health answered 500 instead of 200 (58 times) within 60 s',
    ],
  ],
  ['build-failed', []],
])('a release that is %s', (name, expected) => {
  expect(says(scenes[name].release, scenes[name].record)).toEqual(expected);
});

const decision = { at: at(200), by: 'Ada', why: 'known' };
const verified = [...seen.candidate(74), ...seen.verified(110), ...seen.built(128)];

test.each<[string, Release, ServiceRecord, string[]]>([
  [
    'the build failed while its candidate was verified',
    told([...seen.candidate(74), [80, { kind: 'build', status: 'FAILURE', digests: [] }]]),
    withStable(),
    ['slipway/api/verify error: Not verified: the build ended in FAILURE'],
  ],
  [
    'healthy, while the build still runs (trap 27)',
    told([...seen.candidate(74), ...seen.verified(110)]),
    withStable(),
    [healthy],
  ],
  [
    'healthy, but rejected (trap 27)',
    told([...verified, [130, { kind: 'rejected', reason: 'its image is quarantined' }]]),
    withStable(),
    [healthy, 'slipway/api/rollout failure: Not rolled out: its image is quarantined'],
  ],
  [
    'superseded before it had traffic (trap 18)',
    told([...verified, [130, { kind: 'superseded', reason: 'a newer release is live' }]]),
    withStable(),
    [healthy, 'slipway/api/rollout success: Not rolled out: a newer release is live'],
  ],
  [
    'verified for a frozen service',
    told(verified),
    scenes.frozen.record,
    [healthy, 'slipway/api/rollout pending: Frozen by Grace (npm run release -- api): an incident elsewhere'],
  ],
  [
    'let through by a person although nothing could be found out',
    told([
      ...seen.candidate(74),
      ...seen.verified(140, 'inconclusive', '/health answered 429'),
      ...seen.built(150),
      [200, { kind: 'approved', percent: 5, decision }],
      ...seen.step(201, 5),
    ]),
    withStable(),
    [
      'slipway/api/verify success: Let through by Ada, inconclusive: /health answered 429',
      'slipway/api/rollout pending: 5 % of the traffic, watched for 5 min to 20 min',
    ],
  ],
  [
    'inconclusive, and the policy takes it back then',
    told([
      ...seen.candidate(74, policyOf({ onInconclusive: 'roll-back' })),
      ...seen.verified(140, 'inconclusive', '/health answered 429'),
    ]),
    withStable(),
    [
      'slipway/api/verify error: Inconclusive: /health answered 429',
      'slipway/api/rollout failure: Not rolled out: inconclusive: /health answered 429',
    ],
  ],
  [
    'waiting at a step for more to judge by: since when, and the newest that is known (trap 23)',
    told([
      ...begun(policyOf({ onInconclusive: 'wait' })),
      ...seen.step(130, 5),
      ...seen.judged(
        1334,
        5,
        'inconclusive',
        'the last 900 probes of /health answered 200',
        'Not clear yet: 0 of 31',
      ),
    ]),
    withStable(),
    [
      healthy,
      'slipway/api/rollout pending: 5 % of the traffic, inconclusive since 2026-01-01 09:22 UTC: Not clear yet: 0 of 31',
    ],
  ],
  [
    'waiting at a step for a person, because too little is known',
    told([
      ...begun(policyOf({ onInconclusive: 'ask' })),
      ...seen.step(130, 5),
      ...seen.judged(
        1334,
        5,
        'inconclusive',
        'the last 900 probes of /health answered 200',
        'Not clear yet: 0 of 31',
      ),
    ]),
    withStable(),
    [
      healthy,
      'slipway/api/rollout pending: Waiting for approval of 25 %: npm run approve -- api; inconclusive since 2026-01-01 09:22 UTC: Not clear yet: 0 of 31',
    ],
  ],
  [
    'unhealthy at a step, on its way back',
    told([...canaryTo25, ...seen.judged(500, 25, 'unhealthy', 'errors')]),
    withStable(),
    [healthy, 'slipway/api/rollout pending: Being taken back from 25 %: errors'],
  ],
  [
    'unhealthy at a step of a frozen service: it keeps its share, and is not said to be on its way back',
    told([...canaryTo25, ...seen.judged(500, 25, 'unhealthy', 'errors')]),
    scenes.frozen.record,
    [
      healthy,
      'slipway/api/rollout pending: Bad, and keeps 25 % while frozen by Grace (npm run rollback -- api): errors',
    ],
  ],
  [
    'unhealthy at a step, with no way back (trap 21)',
    told([...canaryTo25, ...seen.judged(500, 25, 'unhealthy', 'errors')]),
    {
      ...scenes.frozen.record,
      quarantine: [
        {
          at: at(501),
          release: told(canaryTo25).id,
          commit: told(canaryTo25).commit,
          digest: '',
          reason: 'errors',
          stuck: 'errors, but it cannot be taken back: the schema',
        },
      ],
    },
    [
      healthy,
      'slipway/api/rollout failure: Not taken back from 25 %: errors, but it cannot be taken back: the schema',
    ],
  ],
  [
    'its build cancelled after it had been verified: what it waited for is over',
    told([
      ...seen.candidate(74),
      ...seen.verified(110),
      [120, { kind: 'build', status: 'CANCELLED', digests: [], failure: 'the build was cancelled' }],
    ]),
    scenes.frozen.record,
    [healthy, 'slipway/api/rollout error: Not rolled out: the build was cancelled'],
  ],
  [
    'verified, and waiting for the others of its set',
    told([
      ...seen.candidate(74, { ...policyOf(), releaseSet: ['web', 'api'] }),
      ...seen.verified(110),
      [150, { kind: 'build', status: 'SUCCESS', digests: ['sha256:1'], siblings: ['web', 'other'] }],
    ]),
    withStable(),
    [healthy, 'slipway/api/rollout pending: Waiting for web of the same commit, with which it goes out'],
  ],
  [
    'live, but withdrawn with its set',
    told([...canaryToLive, [2300, { kind: 'withdrawn', reason: 'web of the same commit is taken back' }]]),
    withStable(),
    [healthy, 'slipway/api/rollout pending: Being taken back: web of the same commit is taken back'],
  ],
  [
    'live once and replaced: it still says so, for it may have had no chance before',
    told([...canaryToLive, [9000, { kind: 'superseded', reason: 'replaced' }]]),
    withStable(),
    [healthy, 'slipway/api/rollout success: Live: api-3f2a1bc-0d97c63e serves 100 %'],
  ],
  [
    'the first of its service, which has no steps to wait in',
    told([...begun(), ...seen.step(130, 100)]),
    newServiceRecord('api'),
    [healthy, 'slipway/api/rollout pending: 100 % of the traffic, watched for 10 min'],
  ],
])('%s', (_, release, record, expected) => {
  expect(says(release, record)).toEqual(expected);
});

describe('ranks', () => {
  test('grow with everything that a release shows on its way, so that nothing late brings an earlier state back', () => {
    const story: (readonly [number, Observation])[] = [
      ...canaryToLive,
      [2300, { kind: 'withdrawn', reason: 'the set is taken back' }],
      [2310, { kind: 'rolled-back', reason: 'the set is taken back' }],
    ];
    const shown = new Map<string, DesiredStatus>();
    let release = told([]);
    let posts = 0;
    for (const [second, observation] of story) {
      const next = transition(release, observation, at(second));
      if (next.kind !== 'changed') throw new Error(next.kind);
      release = next.release;
      for (const status of statuses(release)) {
        const last = shown.get(status.context);
        const changed = last?.description !== status.description || last.state !== status.state;
        if (last && changed) expect(status.rank).toBeGreaterThan(last.rank);
        if (last && !changed) expect(status.rank).toBe(last.rank);
        if (changed) posts += 1;
        shown.set(status.context, status);
      }
    }
    // Two of verification; of the rollout four steps, live, coming back, rolled back.
    expect(posts).toBe(9);
  });

  test('of a frozen step and of the same one let go again are the same: it may go to and fro', () => {
    const { release, record } = scenes.frozen;
    const rank = (service: ServiceRecord): number | undefined => statuses(release, service)[1]?.rank;
    expect(rank(record)).toBe(rank(withStable()));
  });
});

test('a verdict leads to its report, before there is one to the log of the build', () => {
  expect(statuses(scenes.verifying.release)[0]?.targetUrl).toBe(scenes.verifying.release.build.logUrl);
  expect(statuses(scenes.live.release).map(({ targetUrl }) => targetUrl)).toEqual([report, report]);
});
