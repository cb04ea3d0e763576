import { describe, expect, test } from '@jest/globals';
import { firstUnhealthy, judgeMetrics } from '../../../functions/verdict/judge-metrics.ts';
import { defaultMetricsPolicy } from '../../../functions/verdict/metrics-policy.ts';
import { repeat, side, stretches } from './answers.ts';

const policy = defaultMetricsPolicy;
const usual = [40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 160, 180, 200, 250, 300, 350, 400, 500, 900];
const verdictOf = (...args: Parameters<typeof stretches>): string =>
  judgeMetrics(policy, stretches(...args)).verdict;

const cases: [string, string, Parameters<typeof stretches>[0]][] = [
  ['no stretch at all is not healthy (trap 22)', 'inconclusive', []],
  [
    'a candidate that gave no answer is not healthy, however well stable does (trap 22)',
    'inconclusive',
    repeat(360, { candidate: side(0, 0), stable: side(100, 0, usual) }),
  ],
  [
    'a few good answers are not healthy (trap 23)',
    'inconclusive',
    repeat(12, { candidate: side(1, 0, usual), stable: side(9, 0, usual) }),
  ],
  [
    'a few bad answers are enough to be unhealthy when nobody else has any (trap 23)',
    'unhealthy',
    repeat(4, { candidate: side(2, 2, usual), stable: side(18, 0, usual) }),
  ],
  [
    'no errors at all are healthy after enough answers',
    'healthy',
    repeat(40, { candidate: side(10, 0, usual), stable: side(90, 0, usual) }),
  ],
  [
    'no errors and answers that are all alike are healthy too',
    'healthy',
    repeat(40, { candidate: side(10, 0), stable: side(90, 0) }),
  ],
  [
    'as many errors as stable, within the budget, are healthy',
    'healthy',
    repeat(40, { candidate: side(100, 1, usual), stable: side(900, 9, usual) }),
  ],
  [
    'many times the errors of stable are unhealthy',
    'unhealthy',
    repeat(3, { candidate: side(100, 8, usual), stable: side(900, 9, usual) }),
  ],
  [
    'when both sides are bad the candidate is not to blame',
    'inconclusive',
    repeat(40, { candidate: side(10, 5, usual), stable: side(90, 45, usual) }),
  ],
  [
    'when every answer of both sides is bad the candidate is not to blame',
    'inconclusive',
    repeat(40, { candidate: side(10, 10, usual), stable: side(90, 90, usual) }),
  ],
  [
    'at low traffic a dependency that is down does not blame the candidate for stretches in which only it answered (trap 23)',
    'inconclusive',
    repeat(40, { candidate: side(1, 1), stable: side(2, 2) }).map((both, index) =>
      index % 4 === 0 ? { ...both, stable: side(0, 0) } : both,
    ),
  ],
  [
    'errors above the budget with nothing to compare with are unhealthy',
    'unhealthy',
    repeat(10, { candidate: side(50, 5, usual) }),
  ],
  [
    'no errors with nothing to compare with are healthy',
    'healthy',
    repeat(10, { candidate: side(50, 0, usual) }),
  ],
  [
    'answers twice as slow are unhealthy',
    'unhealthy',
    repeat(20, {
      candidate: side(
        20,
        0,
        usual.map((ms) => 2 * ms),
      ),
      stable: side(180, 0, usual),
    }),
  ],
  [
    'answers a tenth slower are tolerated',
    'healthy',
    repeat(60, {
      candidate: side(
        20,
        0,
        usual.map((ms) => 1.1 * ms),
      ),
      stable: side(180, 0, usual),
    }),
  ],
  [
    'a few very slow answers are unhealthy though most are as fast as ever',
    'unhealthy',
    repeat(60, {
      candidate: side(20, 0, [...usual.slice(0, 16), ...repeat(4, 5000)]),
      stable: side(180, 0, usual),
    }),
  ],
  [
    'connections ended early are errors, however long the good ones last (trap 24)',
    'unhealthy',
    repeat(6, { candidate: side(5, 3, [30]), stable: side(45, 0, [30]) }),
  ],
  [
    'first messages that come late are slow answers (trap 24)',
    'unhealthy',
    repeat(12, { candidate: side(5, 0, [300]), stable: side(45, 0, [25, 30, 40]) }),
  ],
  [
    'connections that are still open are no answers yet, so nothing is said of them (trap 24)',
    'inconclusive',
    repeat(60, { candidate: side(0, 0), stable: side(0, 0) }),
  ],
];

test.each(cases)('%s: %s', (_, verdict, sides) => {
  expect(verdictOf(sides)).toBe(verdict);
});

describe('looks', () => {
  const worse = stretches(repeat(30, { candidate: side(20, 1, usual), stable: side(180, 1, usual) }));

  test('asking after every stretch says unhealthy at the same stretch as asking once at the end', () => {
    const first = firstUnhealthy(policy, worse);
    expect(first).toBeGreaterThan(1);
    const verdicts = worse.map((_, index) => judgeMetrics(policy, worse.slice(0, index + 1)).verdict);
    expect(verdicts.indexOf('unhealthy')).toBe(first);
    expect(judgeMetrics(policy, worse).figures.unhealthySince).toBe(worse[first ?? -1]?.to);
  });

  test('unhealthy stays unhealthy, whatever good comes later', () => {
    const better = stretches(repeat(100, { candidate: side(20, 0, usual), stable: side(180, 1, usual) }));
    expect(judgeMetrics(policy, [...worse, ...better]).verdict).toBe('unhealthy');
  });

  test('healthy is taken back when the later half gives ground for suspicion', () => {
    const good = repeat(40, { candidate: side(10, 0, usual), stable: side(90, 0, usual) });
    const doubtful = repeat(40, { candidate: side(10, 0, usual), stable: side(90, 0, usual) }).map(
      (both, index) => (index % 14 === 5 ? { ...both, candidate: side(10, 1, usual) } : both),
    );
    expect(verdictOf(good)).toBe('healthy');
    expect(verdictOf([...good, ...doubtful])).not.toBe('healthy');
  });

  test('answers slower than a latency budget count even if stable is as slow', () => {
    const slow = stretches(repeat(40, { candidate: side(10, 0, [700]), stable: side(90, 0, [700]) }));
    expect(judgeMetrics(policy, slow).verdict).toBe('healthy');
    expect(judgeMetrics({ ...policy, latencyBudgetMs: 500 }, slow).verdict).toBe('inconclusive');
    const alone = slow.map((stretch) => ({ ...stretch, stable: undefined }));
    expect(judgeMetrics({ ...policy, latencyBudgetMs: 500 }, alone).verdict).toBe('unhealthy');
  });

  test('a tolerated ratio is tolerated', () => {
    const twice = stretches(repeat(200, { candidate: side(100, 4, usual), stable: side(900, 18, usual) }));
    expect(judgeMetrics(policy, twice).verdict).toBe('unhealthy');
    expect(firstUnhealthy({ ...policy, toleratedErrorRatio: 2 }, twice)).toBeUndefined();
  });
});
