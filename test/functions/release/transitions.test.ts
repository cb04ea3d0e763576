import { describe, expect, test } from '@jest/globals';
import {
  buildRanks,
  stages,
  terminalStages,
  type BuildStatus,
  type Release,
} from '../../../functions/release/release.ts';
import { transition, type Observation } from '../../../functions/release/transitions.ts';
import { candidate, healthy, releaseAt, unhealthy } from '../../support/release.ts';

const at = '2026-01-01T01:00:00.000Z';
const build = (status: BuildStatus, failure?: string): Observation => ({
  kind: 'build',
  status,
  digests: [],
  ...(failure === undefined ? {} : { failure }),
});
const traffic: Observation = {
  kind: 'traffic-requested',
  percent: 100,
  revision: candidate.revision,
  reason: 'verified',
};
const verdict = (value: typeof healthy): Observation => ({ kind: 'verdict', verdict: value, probes: [] });

const observations: Observation[] = [
  ...(Object.keys(buildRanks) as BuildStatus[]).map((status) => build(status)),
  { kind: 'candidate', candidate },
  { kind: 'verification-started' },
  verdict(healthy),
  verdict(unhealthy),
  traffic,
  { kind: 'traffic-confirmed', reason: 'serves 100 %' },
  { kind: 'superseded', reason: 'newer' },
  { kind: 'rejected', reason: 'wrong image' },
  { kind: 'rolled-back', reason: 'bad' },
];

const withBuild = (release: Release, status: BuildStatus): Release => ({
  ...release,
  build: { ...release.build, status },
});
const ready = (release: Release): Release => ({ ...withBuild(release, 'SUCCESS'), verdict: healthy });

test.each<[string, Release, Observation, string]>([
  ['a build that runs', withBuild(releaseAt('building'), 'QUEUED'), build('WORKING'), 'changed building'],
  ['a build that has ended well', releaseAt('building'), build('SUCCESS'), 'changed building'],
  [
    'a build that failed',
    releaseAt('building'),
    build('FAILURE', 'failed in unit (exit 1)'),
    'changed failed',
  ],
  [
    'trap 6: a build that timed out is a failure too',
    releaseAt('building'),
    build('TIMEOUT'),
    'changed failed',
  ],
  ['trap 6: so is one that expired', releaseAt('building'), build('EXPIRED'), 'changed failed'],
  [
    'trap 6: so is one that Cloud Build broke',
    releaseAt('verifying'),
    build('INTERNAL_ERROR'),
    'changed failed',
  ],
  ['a cancelled build', releaseAt('building'), build('CANCELLED'), 'changed cancelled'],
  ['trap 2: the same status twice', releaseAt('building'), build('WORKING'), 'unchanged'],
  [
    'trap 3: WORKING after SUCCESS',
    withBuild(releaseAt('verifying'), 'SUCCESS'),
    build('WORKING'),
    'unchanged',
  ],
  [
    'trap 3: FAILURE after SUCCESS',
    withBuild(releaseAt('verifying'), 'SUCCESS'),
    build('FAILURE'),
    'unchanged',
  ],
  ['a candidate', releaseAt('building'), { kind: 'candidate', candidate }, 'changed candidate'],
  [
    'trap 11: the same candidate again',
    releaseAt('candidate'),
    { kind: 'candidate', candidate },
    'unchanged',
  ],
  ['verification starts', releaseAt('candidate'), { kind: 'verification-started' }, 'changed verifying'],
  ['verification of nothing', releaseAt('building'), { kind: 'verification-started' }, 'refused'],
  [
    'a healthy verdict while the build still runs',
    releaseAt('verifying'),
    verdict(healthy),
    'changed verifying',
  ],
  [
    'an unhealthy verdict on what could not even be recorded',
    releaseAt('building'),
    verdict(unhealthy),
    'changed failed',
  ],
  ['a healthy verdict on it', releaseAt('building'), verdict(healthy), 'refused'],
  ['rejected', releaseAt('verifying'), { kind: 'rejected', reason: 'x' }, 'changed failed'],
  ['rejected too late', releaseAt('rolling-out'), { kind: 'rejected', reason: 'x' }, 'refused'],
  ['an unhealthy verdict', releaseAt('verifying'), verdict(unhealthy), 'changed failed'],
  ['a second verdict', ready(releaseAt('verifying')), verdict(unhealthy), 'unchanged'],
  [
    'trap 27: traffic before the build has ended',
    { ...releaseAt('verifying'), verdict: healthy },
    traffic,
    'refused',
  ],
  ['traffic without a verdict', withBuild(releaseAt('verifying'), 'SUCCESS'), traffic, 'refused'],
  ['traffic once both hold', ready(releaseAt('verifying')), traffic, 'changed rolling-out'],
  ['traffic asked for twice', releaseAt('rolling-out'), traffic, 'unchanged'],
  ['confirmed', releaseAt('rolling-out'), { kind: 'traffic-confirmed', reason: 'x' }, 'changed live'],
  [
    'confirmed without having been asked for',
    releaseAt('verifying'),
    { kind: 'traffic-confirmed', reason: 'x' },
    'refused',
  ],
  ['a late build message for a live release', releaseAt('live'), build('FAILURE'), 'unchanged'],
  ['replaced', releaseAt('live'), { kind: 'superseded', reason: 'newer' }, 'changed superseded'],
  [
    'rolled back',
    releaseAt('live'),
    { kind: 'rolled-back', reason: 'bad', by: 'ana' },
    'changed rolled-back',
  ],
  ['rolled back without traffic', releaseAt('verifying'), { kind: 'rolled-back', reason: 'bad' }, 'refused'],
])('%s', (_, release, seen, expected) => {
  const result = transition(release, seen, at);
  expect(result.kind === 'changed' ? `changed ${result.release.stage}` : result.kind).toBe(expected);
});

describe('whatever is observed', () => {
  test.each([...terminalStages])('trap 4: %s absorbs everything', (stage) => {
    for (const seen of observations)
      expect(transition(releaseAt(stage), seen, at)).toEqual({ kind: 'unchanged' });
  });

  test.each([...stages])('twice is once, from %s', (stage) => {
    for (const seen of observations) {
      const once = transition(releaseAt(stage), seen, at);
      if (once.kind !== 'changed') continue;
      const twice = transition(once.release, seen, at);
      expect([seen.kind, twice.kind]).toEqual([seen.kind, 'unchanged']);
    }
  });

  test.each([...stages])('the record keeps when and why it entered a stage, from %s', (stage) => {
    for (const seen of observations) {
      const result = transition(releaseAt(stage), seen, at);
      if (result.kind !== 'changed' || result.release.stage === stage) continue;
      expect(result.release.history.at(-1)).toMatchObject({ at, stage: result.release.stage });
      expect(result.release.history.at(-1)?.reason).not.toBe('');
    }
  });
});

test('the end does not depend on the order in which build and verdict arrive', () => {
  const steps: Observation[] = [
    build('WORKING'),
    build('SUCCESS'),
    { kind: 'candidate', candidate },
    { kind: 'verification-started' },
    verdict(healthy),
  ];
  const orders = permutations(steps);
  const ends = orders.map((order) => {
    // What is refused comes again with the next tick, in some order.
    let release = withBuild(releaseAt('building'), 'STATUS_UNKNOWN');
    for (const seen of [...order, ...order, ...order]) {
      const result = transition(release, seen, at);
      if (result.kind === 'changed') release = result.release;
    }
    return `${release.stage} ${release.build.status} ${release.verdict?.verdict ?? ''}`;
  });
  expect(new Set(ends)).toEqual(new Set(['verifying SUCCESS healthy']));
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  );
}
