import { describe, expect, test } from '@jest/globals';
import type { Evidence } from '../../../functions/release/evidence.ts';
import type { ReleasePolicy } from '../../../functions/release/policy.ts';
import { compare, type Judged } from '../../../scripts/judge/compare.ts';
import { at, evidence, fails, policy, release, second, step, stretch } from './seen-release.ts';

const inWords = ({ phases, end }: ReturnType<typeof compare>['tried']): string => {
  const words = phases.map(
    ({ percent, verdict, untilMs }) =>
      `${percent === undefined ? 'before' : `${percent} %`} ${verdict ?? 'open'} ${second(untilMs).toFixed()}`,
  );
  const how =
    end.kind === 'waits' ? `waits for ${end.for}` : end.kind === 'unknown' ? `unknown: ${end.why}` : end.kind;
  return [...words, how].join(', ');
};

const fast = [
  { percent: 10, atLeastSeconds: 5, atMostSeconds: 10 },
  { percent: 50, atLeastSeconds: 5, atMostSeconds: 10 },
];
const failing = { 21: fails, 22: fails, 23: fails, 24: fails };
const bad = [stretch(10, 60), stretch(15, 60), stretch(20, 60)];
const good = [10, 15, 20].map((from) => stretch(from, 0));

type Case = [name: string, tried: ReleasePolicy, seen: Evidence, expected: unknown, of?: Judged];

describe('what a policy would have said', () => {
  test.each<Case>([
    [
      'the policy that it had: what happened, each step on the heels of the one before',
      policy(),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, 50 % inconclusive 69, 100 % healthy 99, live',
    ],
    [
      'shorter steps: sooner',
      policy({ steps: fast, bakeSeconds: 10 }),
      evidence(),
      'before healthy 5, 10 % inconclusive 20, 50 % inconclusive 30, 100 % healthy 40, live',
    ],
    [
      'a longer bake: not known',
      policy({ bakeSeconds: 600 }),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, 50 % inconclusive 69, 100 % open 100, unknown: the evidence ends while it would have had 100 %',
    ],
    [
      'more probes in a row before any traffic: the rest of them came with traffic',
      policy({}, { watchSeconds: 15 }),
      evidence(),
      'before healthy 15, 10 % inconclusive 44, 50 % inconclusive 73, 100 % open 100, unknown: the evidence ends while it would have had 100 %',
    ],
    [
      'three bad answers in a row',
      policy(),
      evidence(failing),
      'before healthy 5, 10 % unhealthy 23, taken-back',
    ],
    [
      'two bad answers in a row are enough',
      policy({}, { consecutiveFailures: 2 }),
      evidence(failing),
      'before healthy 5, 10 % unhealthy 22, taken-back',
    ],
    [
      'five are asked for and four came',
      policy({}, { consecutiveFailures: 5 }),
      evidence(failing),
      'before healthy 5, 10 % inconclusive 39, 50 % inconclusive 69, 100 % healthy 99, live',
    ],
    [
      'answers that are too slow for it',
      policy({}, { latencyMs: 10 }),
      evidence(),
      'before unhealthy 20, failed',
    ],
    [
      'bad before any traffic',
      policy(),
      evidence({ 2: fails }),
      'before healthy 8, 10 % inconclusive 39, 50 % inconclusive 69, 100 % healthy 99, live',
    ],
    [
      'errors beside a stable revision that has few, known ten seconds after they were',
      policy(),
      evidence({}, bad),
      'before healthy 5, 10 % unhealthy 25, taken-back',
    ],
    [
      'the same in a dry run',
      policy({ metrics: { ...policy().rollout.metrics, dryRun: true } }),
      evidence({}, bad),
      'before healthy 5, 10 % healthy 39, 50 % healthy 69, 100 % healthy 99, live',
    ],
    [
      'a tolerant budget and a tolerant comparison',
      policy({
        metrics: {
          ...policy().rollout.metrics,
          toleratedErrorRatio: 10,
          notWorseRatio: 100,
          errorBudget: 0.5,
        },
      }),
      evidence(
        {},
        bad.map((each) => ({ ...each, stable: stretch(0, 20).candidate })),
      ),
      'before healthy 5, 10 % healthy 39, 50 % healthy 69, 100 % healthy 99, live',
    ],
    [
      'good answers, and enough of them',
      policy({ steps: [{ percent: 10, atLeastSeconds: 5, atMostSeconds: 60 }] }),
      evidence({}, good),
      'before healthy 5, 10 % healthy 30, 100 % healthy 59, live',
    ],
    [
      'too little to judge by: taken back',
      policy({ onInconclusive: 'roll-back' }),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, taken-back',
    ],
    [
      'too little to judge by: waits',
      policy({ onInconclusive: 'wait' }),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, waits for enough to judge by at 10 %',
    ],
    [
      'too little to judge by: asks',
      policy({ onInconclusive: 'ask' }),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, waits for approval of 50 %',
    ],
    [
      'bad while it waits for a person',
      policy({ approve: [50] }),
      evidence({ 50: fails, 51: fails, 52: fails }),
      expect.stringMatching(/^before healthy 5, 10 % unhealthy 5\d, taken-back$/),
    ],
    [
      'an approval that was given',
      policy({ approve: [50] }),
      evidence(),
      'before healthy 5, 10 % inconclusive 39, 50 % inconclusive 74, 100 % open 100, unknown: the evidence ends while it would have had 100 %',
      release({ approvals: [{ percent: 50, at: at(45), by: 'ana@example.com', why: 'looks right' }] }),
    ],
    [
      'a promotion that was given',
      policy(),
      evidence(),
      'before healthy 5, 10 % open 20, 100 % healthy 49, live',
      release({ promoted: { at: at(20), by: 'ana@example.com', why: 'urgent' } }),
    ],
    [
      'the first release of a service: no steps',
      policy({ bakeSeconds: 10 }),
      evidence(),
      'before healthy 5, 100 % healthy 80, live',
      release({ steps: [step(100, 70)] }),
    ],
    [
      'a release that never had traffic',
      policy(),
      evidence({}),
      'before healthy 5, unknown: it was never given traffic',
      release({ steps: [] }),
    ],
    [
      'nothing is kept',
      policy(),
      { ...evidence(), probes: [] },
      'unknown: no probe before its first traffic is kept',
    ],
  ])('%s', (_, tried, seen, expected, of = release()) => {
    expect(inWords(compare(of, seen, tried).tried)).toEqual(expected);
  });

  test('a dry run says what it would have said', () => {
    const metrics = { ...policy().rollout.metrics, dryRun: true };
    const { phases } = compare(release(), evidence({}, bad), policy({ metrics })).tried;
    expect(phases[1]?.reasons).toContainEqual(
      expect.stringMatching(/^dry run \(unhealthy\): Worse than stable: 180 of 3000/),
    );
  });
});

describe('beside what happened', () => {
  test('a step that was decided at the same look begins when it did, though looks went on meanwhile', () => {
    const verdict = { verdict: 'inconclusive' as const, reasons: [], at: at(39.5) };
    const later = release({ steps: [step(10, 10, { verdict }), step(50, 42)] });
    const { tried, unknown } = compare(later, evidence(), policy());
    expect(tried.phases.map(({ fromMs }) => second(fromMs))).toEqual([0, 10, 42, 71.02]);
    expect(unknown).toHaveLength(1);
  });

  test('its own policy is replayed as the steps really were', () => {
    const { happened, had } = compare(release(), evidence(), policy());
    expect(had.map(({ percent, verdict }) => [percent, verdict])).toEqual(
      happened.map(({ percent, verdict }) => [percent, verdict?.verdict]),
    );
    expect(had.map(({ fromMs }) => second(fromMs))).toEqual([0, 10, 40, 70]);
  });

  test.each<[string, Judged, Evidence, ReleasePolicy, RegExp[]]>([
    ['nothing, where all is the same', release(), evidence(), policy(), []],
    [
      'that other percents would have had other traffic',
      release(),
      evidence(),
      policy({ steps: [{ percent: 30, atLeastSeconds: 20, atMostSeconds: 20 }] }),
      [/^at 30 % it is judged by what was seen when it had 10 %: /, /^at 100 % .* 10 % and 50 %/],
    ],
    [
      'that something else than the evidence decided',
      release({
        steps: [step(10, 10, { verdict: { verdict: 'unhealthy', reasons: ['died: exit 1'], at: at(20) } })],
      }),
      { ...evidence(), probes: evidence().probes.slice(0, 20) },
      policy(),
      [/^at 10 % the evidence alone gives no verdict .* unhealthy was said: .*\(died: exit 1\)/],
    ],
    [
      'what was never asked',
      release(),
      evidence(),
      policy(
        {},
        {
          path: '/',
          intervalSeconds: 2,
          timeoutSeconds: 9,
          streams: [{ protocol: 'sse', path: '/news', firstMessageSeconds: 5, openSeconds: 2 }],
        },
      ),
      [
        /^health\.path is another/,
        /^sse \/news was never tried/,
        /^health\.intervalSeconds is another/,
        /^health\.timeoutSeconds is longer/,
      ],
    ],
    [
      'that the first probes are gone',
      release(),
      { ...evidence(), probes: evidence().probes.slice(20) },
      policy(),
      [/^the probes before its first traffic are no longer kept/],
    ],
  ])('says %s', (_, of, seen, tried, expected) => {
    const { unknown } = compare(of, seen, tried);
    expect(unknown).toHaveLength(expected.length);
    expected.forEach((pattern, index) => {
      expect(unknown[index]).toMatch(pattern);
    });
  });
});
