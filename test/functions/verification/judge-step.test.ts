import { describe, expect, test } from '@jest/globals';
import type { ReleasePolicy } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import type { Answers, Stretch } from '../../../functions/verdict/answers.ts';
import { latencyBoundsMs } from '../../../functions/verdict/latency-bounds.ts';
import { judgeStep, stepTimes } from '../../../functions/verification/judge-step.ts';
import { policy } from '../../support/release.ts';

const second = (number: number): string => new Date(number * 1000).toISOString();
const probes = (...outcomes: Probe['outcome'][]): Probe[] =>
  outcomes.map((outcome, index) => ({ at: second(index), latencyMs: 5, outcome }));
const good = probes('ok', 'ok', 'ok', 'ok');
const failing = probes('ok', 'wrong-status', 'wrong-status', 'wrong-status');
const shaky = probes('ok', 'ok', 'wrong-status', 'ok');
const repeated = (count: number, ...outcomes: Probe['outcome'][]): Probe[] =>
  probes(...Array.from({ length: count }, () => outcomes).flat());
const silent = repeated(12, 'rate-limited');
const flapping = repeated(6, 'ok', 'wrong-status');
const blip = [...repeated(20, 'ok'), ...probes('wrong-status', 'ok')];

const answers = (total: number, errors: number): Answers => {
  const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  latency[10] = total;
  return { total, errors, latency };
};
/** The same for so many stretches of five seconds. */
const seen = (count: number, candidate: Answers, stable?: Answers): Stretch[] =>
  Array.from({ length: count }, (_, index) => ({
    from: second(index * 5),
    to: second(index * 5 + 5),
    candidate,
    stable,
  }));
const notWorse = seen(20, answers(200, 1), answers(600, 3));
const worse = seen(20, answers(50, 10), answers(450, 2));
const tooFew = seen(3, answers(2, 0), answers(18, 0));
const overBudget = seen(20, answers(100, 30));

const rollout = (part: Partial<ReleasePolicy['rollout']>): ReleasePolicy => ({
  ...policy,
  rollout: { ...policy.rollout, ...part },
});
const dryRun = rollout({ metrics: { ...policy.rollout.metrics, dryRun: true } });

const early = 10;
const between = 100;
const late = 300;

interface Case {
  readonly probes: Probe[];
  readonly stretches: Stretch[];
  readonly at: number;
  readonly policy?: ReleasePolicy;
  readonly percent?: number;
  readonly compared?: boolean;
}

/** The step of 10 % has 60 s at least and 300 s at most; 100 % bakes for 120 s. */
test.each<[string, Case, string | undefined]>([
  ['good and not worse, too early', { probes: good, stretches: notWorse, at: early }, undefined],
  ['good and not worse', { probes: good, stretches: notWorse, at: between }, 'healthy'],
  ['bad probes are told at once', { probes: failing, stretches: notWorse, at: early }, 'unhealthy'],
  ['worse is told at once', { probes: good, stretches: worse, at: early }, 'unhealthy'],
  [
    'good, but too little is known: there is time',
    { probes: good, stretches: tooFew, at: between },
    undefined,
  ],
  ['good, but too little is known (trap 23)', { probes: good, stretches: tooFew, at: late }, 'inconclusive'],
  ['good, and nothing is known (trap 22)', { probes: good, stretches: [], at: late }, 'inconclusive'],
  [
    'not worse, but nothing answers for sure',
    { probes: silent, stretches: notWorse, at: between },
    undefined,
  ],
  [
    'not worse, and nothing ever answered for sure (trap 22)',
    { probes: silent, stretches: notWorse, at: late },
    'inconclusive',
  ],
  ['not probed at all: a few probes are awaited', { probes: [], stretches: notWorse, at: late }, undefined],
  [
    'it flaps to the end of its time (trap 17)',
    { probes: flapping, stretches: notWorse, at: late },
    'unhealthy',
  ],
  ['it flaps, but has time', { probes: flapping, stretches: notWorse, at: between }, undefined],
  [
    'one bad answer just when the time is up is no flapping (trap 17)',
    { probes: blip, stretches: notWorse, at: late },
    undefined,
  ],
  [
    'and is forgotten',
    { probes: [...blip, ...probes('ok', 'ok')], stretches: notWorse, at: late },
    'healthy',
  ],
  [
    'one bad answer among good ones is not yet good again (trap 17)',
    { probes: shaky, stretches: notWorse, at: between },
    undefined,
  ],
  ['worse, in a dry run', { probes: good, stretches: worse, at: between, policy: dryRun }, 'healthy'],
  [
    'bad probes count in a dry run too',
    { probes: failing, stretches: notWorse, at: early, policy: dryRun },
    'unhealthy',
  ],
  ['a dry run waits for no metrics', { probes: good, stretches: [], at: between, policy: dryRun }, 'healthy'],
  [
    'nothing beside it: the probes decide',
    { probes: good, stretches: [], at: 120, percent: 100, compared: false },
    'healthy',
  ],
  [
    'nothing beside it: not before its time',
    { probes: good, stretches: [], at: 119, percent: 100, compared: false },
    undefined,
  ],
  [
    'nothing beside it, and over the budget',
    { probes: good, stretches: overBudget, at: early, percent: 100, compared: false },
    'unhealthy',
  ],
  [
    'nothing beside it, but nothing answered for sure (trap 22)',
    { probes: silent, stretches: [], at: 120, percent: 100, compared: false },
    'inconclusive',
  ],
  [
    'worse at an earlier step is worse at this one',
    { probes: good, stretches: [...worse, ...notWorse], at: early, percent: 50 },
    'unhealthy',
  ],
])(
  '%s',
  (_, { probes: own, stretches, at, policy: asked = policy, percent = 10, compared = true }, expected) => {
    const step = { percent, servedSeconds: at, compared };
    expect(judgeStep(asked, step, own, stretches)?.verdict).toBe(expected);
  },
);

describe('reasons', () => {
  test('a bad one is about what decided it', () => {
    const step = { percent: 10, servedSeconds: early, compared: true };
    expect(judgeStep(policy, step, failing, worse)?.reasons).toEqual([
      expect.stringMatching(/^health check \/health failed 3 times in a row/),
    ]);
    expect(judgeStep(policy, step, good, worse)?.reasons).toEqual([
      expect.stringMatching(/^Worse than stable/),
    ]);
  });

  test('a good one says how the probes and the metrics are', () => {
    const step = { percent: 10, servedSeconds: between, compared: true };
    const { reasons } = judgeStep(policy, step, good, notWorse) ?? { reasons: [] };
    expect(reasons[0]).toBe('the last 4 probes of /health answered 200');
    expect(reasons.length).toBeGreaterThan(1);
  });

  test('that nothing was counted is said', () => {
    const step = { percent: 100, servedSeconds: 120, compared: false };
    expect(judgeStep(policy, step, good, [])?.reasons).toContain('no answers were counted');
  });

  test('a dry run says what it would have done', () => {
    const step = { percent: 10, servedSeconds: between, compared: true };
    expect(judgeStep(dryRun, step, good, worse)?.reasons[1]).toMatch(
      /^dry run \(unhealthy\): Worse than stable/,
    );
  });
});

test.each([
  [10, 60, 300],
  [50, 60, 300],
  [100, 120, 120],
])('%i %% stays between %i and %i s', (percent, atLeastSeconds, atMostSeconds) => {
  expect(stepTimes(policy, percent)).toMatchObject({ atLeastSeconds, atMostSeconds });
});
