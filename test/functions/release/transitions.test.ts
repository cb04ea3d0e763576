import { describe, expect, test } from '@jest/globals';
import {
  buildRanks,
  releaseSchema,
  stages,
  terminalStages,
  type BuildStatus,
  type Decision,
  type Release,
  type ReleaseStep,
  type Stage,
} from '../../../functions/release/release.ts';
import { transition, type Observation } from '../../../functions/release/transitions.ts';
import { without } from '../../../functions/release/without.ts';
import {
  built,
  candidate,
  healthy,
  inconclusive,
  releaseAt,
  unhealthy,
  withPolicy,
} from '../../support/release.ts';

const at = '2026-01-01T01:00:00.000Z';
const ana: Decision = { at: '2026-01-01T00:30:00.000Z', by: 'ana', why: 'looked at it' };

const build = (
  status: BuildStatus,
  part: Partial<Extract<Observation, { kind: 'build' }>> = {},
): Observation => ({
  kind: 'build',
  status,
  digests: [],
  ...part,
});
const verdict = (value: typeof healthy): Observation => ({ kind: 'verdict', verdict: value, probes: [] });
const asked = (percent: number): Observation => ({
  kind: 'traffic-requested',
  percent,
  reason: `${percent} %`,
});
const served = (percent: number): Observation => ({ kind: 'traffic-serving', percent });
const judged = (percent: number, value: typeof healthy): Observation => ({
  kind: 'step-verdict',
  percent,
  verdict: value,
});

const withBuild = (release: Release, status: BuildStatus): Release => ({
  ...release,
  build: { ...release.build, status },
});
const verified = (part: Partial<Release> = {}): Release =>
  built(releaseAt('verifying', { verdict: healthy, ...part }));
const stepAt = (percent: number, part: Partial<ReleaseStep> = {}): ReleaseStep => ({
  percent,
  askedAt: '2026-01-01T00:02:00.000Z',
  ...part,
});
const rolling = (step: ReleaseStep, part: Partial<Release> = {}): Release =>
  releaseAt('rolling-out', { steps: [step], ...part });

/** `changed <stage>`, `unchanged`, or `refused <why>`. */
function after(release: Release, seen: Observation): string {
  const next = transition(release, seen, at);
  if (next.kind === 'changed') return `changed ${next.release.stage}`;
  return next.kind === 'refused' ? `refused ${next.reason}` : 'unchanged';
}
function changed(release: Release, seen: Observation): Release {
  const next = transition(release, seen, at);
  if (next.kind !== 'changed') throw new Error(`${seen.kind} is ${after(release, seen)}`);
  return next.release;
}

/** Each stage as it is met most often, with everything that a release at it has. */
const typical: Readonly<Record<Stage, Release>> = {
  building: releaseAt('building'),
  candidate: releaseAt('candidate'),
  verifying: releaseAt('verifying'),
  'rolling-out': rolling(stepAt(10)),
  live: releaseAt('live'),
  failed: releaseAt('failed'),
  'rolled-back': releaseAt('rolled-back'),
  superseded: releaseAt('superseded'),
  cancelled: releaseAt('cancelled'),
};

type Row = [Observation, Partial<Record<Stage, string>>];
const everywhere = (text: string): Partial<Record<Stage, string>> =>
  Object.fromEntries(stages.map((stage) => [stage, text]));
const noVerdict = 'refused it is not verified';
const working = 'refused its build is WORKING';

/** What each observation makes of each stage that is not terminal. */
const table: Row[] = [
  [
    build('SUCCESS'),
    {
      building: 'changed building',
      candidate: 'changed candidate',
      verifying: 'changed verifying',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ],
  ...(['FAILURE', 'TIMEOUT', 'INTERNAL_ERROR', 'EXPIRED'] as const).map((status): Row => [
    build(status),
    {
      building: 'changed failed',
      candidate: 'changed failed',
      verifying: 'changed failed',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ]),
  [
    build('CANCELLED'),
    {
      building: 'changed cancelled',
      candidate: 'changed cancelled',
      verifying: 'changed cancelled',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ],
  ...(['STATUS_UNKNOWN', 'PENDING', 'QUEUED', 'WORKING'] as const).map((status): Row => [
    build(status),
    everywhere('unchanged'),
  ]),
  [
    { kind: 'candidate', candidate },
    { ...everywhere('unchanged'), building: 'changed candidate' },
  ],
  [
    { kind: 'verification-started' },
    {
      building: 'refused there is no candidate to verify yet',
      candidate: 'changed verifying',
      verifying: 'unchanged',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ],
  [
    verdict(healthy),
    {
      building: 'refused there is no candidate to judge yet',
      candidate: 'changed verifying',
      verifying: 'changed verifying',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ],
  [
    verdict(unhealthy),
    {
      building: 'changed failed',
      candidate: 'changed failed',
      verifying: 'changed failed',
      'rolling-out': 'unchanged',
      live: 'unchanged',
    },
  ],
  [
    asked(50),
    {
      building: working,
      candidate: working,
      verifying: working,
      'rolling-out': 'changed rolling-out',
      live: 'unchanged',
    },
  ],
  [served(10), { ...everywhere('unchanged'), 'rolling-out': 'changed rolling-out' }],
  [judged(10, healthy), { ...everywhere('unchanged'), 'rolling-out': 'changed rolling-out' }],
  [
    { kind: 'approved', percent: 50, decision: ana },
    {
      building: 'changed building',
      candidate: 'changed candidate',
      verifying: 'changed verifying',
      'rolling-out': 'changed rolling-out',
      live: 'unchanged',
    },
  ],
  [
    { kind: 'promoted', decision: ana },
    {
      building: 'refused it is building: there is no verdict on it yet',
      candidate: 'refused it is candidate: there is no verdict on it yet',
      verifying: 'refused it is verifying: there is no verdict on it yet',
      'rolling-out': 'changed rolling-out',
      live: 'unchanged',
    },
  ],
  [
    { kind: 'withdrawn', reason: 'web is taken back' },
    {
      building: 'changed failed',
      candidate: 'changed failed',
      verifying: 'changed failed',
      'rolling-out': 'changed rolling-out',
      live: 'changed live',
    },
  ],
  [
    { kind: 'traffic-confirmed', reason: 'serves 100 %' },
    {
      building: 'refused it is building, not rolling out',
      candidate: 'refused it is candidate, not rolling out',
      verifying: 'refused it is verifying, not rolling out',
      'rolling-out': 'changed live',
      live: 'unchanged',
    },
  ],
  [
    { kind: 'rejected', reason: 'wrong image' },
    {
      building: 'changed failed',
      candidate: 'changed failed',
      verifying: 'changed failed',
      'rolling-out': 'refused it is rolling-out: it has traffic already',
      live: 'refused it is live: it has traffic already',
    },
  ],
  [{ kind: 'superseded', reason: 'newer' }, everywhere('changed superseded')],
  ...(['taken-over', 'rolled-back'] as const).map((kind): Row => {
    const what = kind === 'taken-over' ? 'take over' : 'take back';
    const refused = (stage: Stage): string => `refused it is ${stage}: it has no traffic to ${what}`;
    const ends = kind === 'taken-over' ? 'changed cancelled' : 'changed rolled-back';
    return [
      { kind, reason: 'bad', by: 'ana' },
      {
        building: refused('building'),
        candidate: refused('candidate'),
        verifying: refused('verifying'),
        'rolling-out': ends,
        live: ends,
      },
    ];
  }),
];

const name = (seen: Observation): string =>
  seen.kind === 'build'
    ? `build ${seen.status}`
    : seen.kind === 'verdict'
      ? `verdict ${seen.verdict.verdict}`
      : seen.kind;

const cells = table.flatMap(([seen, ends]) =>
  stages.map((stage): [string, Stage, Observation, string] => [
    name(seen),
    stage,
    seen,
    terminalStages.has(stage) ? 'unchanged' : (ends[stage] ?? 'missing'),
  ]),
);

test.each(cells)('%s at %s', (_, stage, seen, expected) => {
  expect(after(typical[stage], seen)).toBe(expected);
});

test.each(cells)('%s at %s, seen twice, is news once', (_, stage, seen) => {
  const first = transition(typical[stage], seen, at);
  if (first.kind !== 'changed') return;
  expect(transition(first.release, seen, '2026-01-01T02:00:00.000Z')).toEqual({ kind: 'unchanged' });
  expect(releaseSchema.parse(first.release)).toEqual(first.release);
});

describe('builds', () => {
  test.each(
    (Object.keys(buildRanks) as BuildStatus[]).flatMap((from) =>
      (Object.keys(buildRanks) as BuildStatus[]).map((to) => [from, to] as const),
    ),
  )('from %s a late %s goes on or is ignored, never back (trap 3)', (from, to) => {
    const release = withBuild(releaseAt('building'), from);
    const expected = buildRanks[to] > buildRanks[from] ? 'changed' : 'unchanged';
    expect(transition(release, build(to), at).kind).toBe(expected);
  });

  test('the end of a build says when it was noticed, what it pushed and who goes with it', () => {
    const seen = build('SUCCESS', { digests: ['sha256:x'], siblings: ['web'] });
    expect(changed(releaseAt('building'), seen)).toMatchObject({
      build: { status: 'SUCCESS', digests: ['sha256:x'], endedAt: at },
      siblings: ['web'],
    });
    expect(
      changed(withBuild(releaseAt('building'), 'QUEUED'), build('WORKING')).build.endedAt,
    ).toBeUndefined();
  });

  test('a failure is told in words, as far as there are any (trap 6)', () => {
    const failed = changed(releaseAt('building'), build('FAILURE', { failure: 'the build failed in unit' }));
    expect(failed.history.at(-1)?.reason).toBe('the build failed in unit');
    expect(changed(releaseAt('building'), build('TIMEOUT')).history.at(-1)?.reason).toBe(
      'the build ended in TIMEOUT',
    );
  });
});

describe('the candidate', () => {
  const bare = without(candidate, 'url');
  test.each<[string, Release, typeof candidate, string]>([
    ['its address comes later', releaseAt('verifying', { candidate: bare }), candidate, 'changed verifying'],
    ['late news without the address', releaseAt('verifying'), bare, 'unchanged'],
    ['known already', releaseAt('verifying', { candidate: bare }), bare, 'unchanged'],
  ])('%s', (_name, release, seen, expected) => {
    expect(after(release, { kind: 'candidate', candidate: seen })).toBe(expected);
  });
});

describe('the verdict before traffic', () => {
  const policy = (onInconclusive: 'wait' | 'promote' | 'roll-back' | 'ask') =>
    withPolicy(releaseAt('verifying'), { rollout: { onInconclusive } });

  test.each([
    ['wait', 'verifying'],
    ['promote', 'verifying'],
    ['ask', 'verifying'],
    ['roll-back', 'failed'],
  ] as const)('inconclusive, and the policy is to %s: %s (trap 22)', (policyOf, stage) => {
    expect(changed(policy(policyOf), verdict(inconclusive))).toMatchObject({ stage, verdict: inconclusive });
  });

  test('the first one stands', () => {
    expect(after(verified(), verdict(unhealthy))).toBe('unchanged');
  });

  test('probes go with it', () => {
    const probes = [{ at, latencyMs: 3, outcome: 'ok' as const, status: 200 }];
    const next = changed(releaseAt('verifying'), { kind: 'verdict', verdict: healthy, probes });
    expect(next.probes).toEqual(probes);
  });
});

describe('traffic', () => {
  const withdrawn = { at, reason: 'web is taken back' };
  const approvals = [{ percent: 10, ...ana }];
  test.each<[string, Release, Observation, string]>([
    ['verified and built', verified(), asked(10), 'changed rolling-out'],
    ['built, not verified', built(releaseAt('verifying')), asked(10), noVerdict],
    [
      'nothing is known of it, and nobody lets it through',
      verified({ verdict: inconclusive }),
      asked(10),
      noVerdict,
    ],
    [
      'approved by a person',
      verified({ verdict: inconclusive, approvals }),
      asked(10),
      'changed rolling-out',
    ],
    [
      'promoted by a person',
      verified({ verdict: inconclusive, promoted: ana }),
      asked(100),
      'changed rolling-out',
    ],
    [
      'it was let through before',
      rolling(stepAt(10), { verdict: inconclusive }),
      asked(50),
      'changed rolling-out',
    ],
    ['the same percent again', rolling(stepAt(10)), asked(10), 'unchanged'],
    ['percent only grows: late news of less', rolling(stepAt(50)), asked(10), 'unchanged'],
    [
      'it is withdrawn',
      rolling(stepAt(10), { withdrawn }),
      asked(50),
      'refused it is withdrawn: web is taken back',
    ],
    ['it is bad', rolling(stepAt(10, { verdict: unhealthy })), asked(50), 'refused it is unhealthy'],
    ['served', rolling(stepAt(10)), served(10), 'changed rolling-out'],
    ['served, known already', rolling(stepAt(10, { servingAt: at })), served(10), 'unchanged'],
    ['served: news of an earlier step', rolling(stepAt(50)), served(10), 'unchanged'],
    ['judged: news of an earlier step', rolling(stepAt(50)), judged(10, unhealthy), 'unchanged'],
    ['the same verdict again', rolling(stepAt(10, { verdict: healthy })), judged(10, healthy), 'unchanged'],
    [
      'the same verdict again, for newer reasons',
      rolling(stepAt(10, { verdict: inconclusive })),
      judged(10, { ...inconclusive, reasons: ['0 of 90 answers'] }),
      'changed rolling-out',
    ],
    [
      'unhealthy again, for other reasons',
      rolling(stepAt(10, { verdict: unhealthy })),
      judged(10, { ...unhealthy, reasons: ['another'] }),
      'unchanged',
    ],
    [
      'it clears up',
      rolling(stepAt(10, { verdict: inconclusive })),
      judged(10, healthy),
      'changed rolling-out',
    ],
    [
      'it turns bad after all',
      rolling(stepAt(10, { verdict: healthy })),
      judged(10, unhealthy),
      'changed rolling-out',
    ],
    ['unhealthy is final', rolling(stepAt(10, { verdict: unhealthy })), judged(10, healthy), 'unchanged'],
  ])('%s', (_, release, seen, expected) => {
    expect(after(release, seen)).toBe(expected);
  });

  test('each step is kept with its times and its verdict', () => {
    const story: [Observation, string][] = [
      [asked(10), '2026-01-01T01:00:00.000Z'],
      [served(10), '2026-01-01T01:00:05.000Z'],
      [judged(10, healthy), '2026-01-01T01:05:00.000Z'],
      [asked(100), '2026-01-01T01:05:01.000Z'],
      [served(100), '2026-01-01T01:05:05.000Z'],
      [judged(100, inconclusive), '2026-01-01T01:15:00.000Z'],
      [{ kind: 'traffic-confirmed', reason: 'serves 100 %' }, '2026-01-01T01:15:01.000Z'],
    ];
    const end = story.reduce<Release>((release, [seen, when]) => {
      const next = transition(release, seen, when);
      if (next.kind !== 'changed') throw new Error(`${seen.kind} at ${when}`);
      return next.release;
    }, verified());
    expect(end.steps).toEqual([
      { percent: 10, askedAt: story[0]?.[1], servingAt: story[1]?.[1], verdict: healthy },
      { percent: 100, askedAt: story[3]?.[1], servingAt: story[4]?.[1], verdict: inconclusive },
    ]);
    expect(end.stage).toBe('live');
    expect(end.history.map(({ reason }) => reason).slice(1)).toEqual(['10 %', '100 %', 'serves 100 %']);
  });
});

describe('people', () => {
  test.each<[string, Release, Observation, string]>([
    [
      'the same percent is approved once',
      verified({ approvals: [{ percent: 50, ...ana }] }),
      { kind: 'approved', percent: 50, decision: { ...ana, by: 'bo' } },
      'unchanged',
    ],
    [
      'another percent is another approval',
      verified({ approvals: [{ percent: 50, ...ana }] }),
      { kind: 'approved', percent: 100, decision: ana },
      'changed verifying',
    ],
    ['promoted once it has a verdict', verified(), { kind: 'promoted', decision: ana }, 'changed verifying'],
    ['promoted twice', verified({ promoted: ana }), { kind: 'promoted', decision: ana }, 'unchanged'],
    [
      'withdrawn twice',
      rolling(stepAt(10), { withdrawn: { at, reason: 'x' } }),
      { kind: 'withdrawn', reason: 'y' },
      'unchanged',
    ],
  ])('%s', (_, release, seen, expected) => {
    expect(after(release, seen)).toBe(expected);
  });

  test.each<[Observation, string]>([
    [{ kind: 'rolled-back', reason: 'bad', by: 'ana' }, 'ana'],
    [{ kind: 'taken-over', reason: 'mine', by: 'ana' }, 'ana'],
  ])('who did it stands in the history: %j', (seen, by) => {
    expect(changed(typical.live, seen).history.at(-1)).toMatchObject({ at, by });
  });

  test('with traffic a withdrawal is only written down: the traffic has to follow first', () => {
    expect(changed(typical.live, { kind: 'withdrawn', reason: 'web is taken back' })).toMatchObject({
      stage: 'live',
      withdrawn: { at, reason: 'web is taken back' },
    });
  });
});

test('a verdict that is told again stands since it was first told, with the reasons of now', () => {
  const standing = releaseAt('rolling-out', { steps: [stepAt(10, { verdict: inconclusive })] });
  const again = { ...inconclusive, reasons: ['0 of 90 answers'], at: '2026-01-01T01:00:00.000Z' };
  const next = transition(standing, judged(10, again), again.at);
  expect(next.kind === 'changed' && next.release.steps.at(-1)?.verdict).toEqual({
    ...inconclusive,
    reasons: ['0 of 90 answers'],
  });
});
