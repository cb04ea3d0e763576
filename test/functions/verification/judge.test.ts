import { expect, test } from '@jest/globals';
import type { Probe } from '../../../functions/release/release.ts';
import { judge } from '../../../functions/verification/judge.ts';
import { policy } from '../../support/release.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

/** One letter a second: o ok, f 500, l 429, t timeout, r refused, w wrong revision. */
function probes(pattern: string): Probe[] {
  return Array.from(pattern, (letter, second): Probe => {
    const common = { at: new Date(start + second * 1000).toISOString(), latencyMs: 5 };
    switch (letter) {
      case 'o':
        return { ...common, outcome: 'ok', status: 200 };
      case 'f':
        return { ...common, outcome: 'wrong-status', status: 500 };
      case 'l':
        return { ...common, outcome: 'rate-limited', status: 429 };
      case 't':
        return { ...common, outcome: 'timeout' };
      case 'r':
        return { ...common, outcome: 'refused' };
      case 'w':
        return { ...common, outcome: 'wrong-revision', status: 200, revision: 'api-old' };
      default:
        throw new Error(letter);
    }
  });
}

test.each([
  ['nothing yet', '', 0, 'inconclusive', ''],
  ['a few successes are not enough', 'oo', 2, 'inconclusive', ''],
  ['enough successes, but the watch is not over', 'oooo', 4, 'inconclusive', ''],
  [
    'enough successes over the whole watch',
    'ooooooo',
    7,
    'healthy',
    '7 of 7 probes of /health answered 200 over 6.0 s',
  ],
  ['a slow start', 'rrrrooooooo', 11, 'healthy', '7 of 7'],
  ['trap 17: flapping never adds up', 'ofofofofofof', 12, 'inconclusive', ''],
  [
    'trap 17: flapping until the end',
    'of'.repeat(13),
    26,
    'unhealthy',
    'answered 500 instead of 200 (13 times)',
  ],
  ['trap 17: a failure in the watch starts it anew', 'ooooofooo', 9, 'inconclusive', ''],
  ['trap 17: its own rate limit is no failure', 'oolollooo', 9, 'healthy', '6 of 6'],
  [
    'never anything but 500',
    'f'.repeat(20),
    20,
    'unhealthy',
    'health check /health answered 500 instead of 200 (20 times) within 20 s',
  ],
  ['no answer at all', 'tttt', 20, 'unhealthy', 'did not answer within 5 s (4 times)'],
  ['refused', 'r', 20, 'unhealthy', 'refused the connection (once)'],
  [
    'trap 10: another revision answers',
    'w'.repeat(20),
    20,
    'unhealthy',
    'was answered by revision api-old (20 times)',
  ],
  ['only rate limits', 'l'.repeat(20), 20, 'unhealthy', 'its own rate limit'],
  ['never probed in time', '', 20, 'unhealthy', '/health could not be probed within 20 s'],
])('%s', (_, pattern, elapsed, verdict, reason) => {
  const judgement = judge(policy.health, probes(pattern), elapsed);
  expect(judgement.verdict).toBe(verdict);
  expect(judgement.reason).toContain(reason);
});
