import { describe, expect, test } from '@jest/globals';
import type { Probe } from '../../../functions/release/release.ts';
import { probeUnder } from '../../../scripts/judge/comparable-health.ts';
import { at, fails, policy } from './seen-release.ts';

const probe = (part: Partial<Probe>): Probe => ({ at: at(0), latencyMs: 300, outcome: 'ok', ...part });

describe('a probe under another policy', () => {
  test.each([
    ['good enough', {}, probe({}), 'ok'],
    ['too slow for it', { latencyMs: 200 }, probe({}), 'slow'],
    ['later than it would have waited', { timeoutSeconds: 0.2 }, probe({}), 'timeout'],
    [
      'too slow then, and not for this one',
      { latencyMs: 400 },
      probe({ outcome: 'slow', detail: 'x' }),
      'ok',
    ],
    ['another failure stays one', { latencyMs: 400 }, probe(fails), 'wrong-status'],
    ['a stream is no health check', { latencyMs: 200 }, probe({ check: 'sse /news' }), 'ok'],
  ])('%s', (_, health, seen, outcome) => {
    expect(probeUnder(policy({}, health).health, seen)).toMatchObject({ outcome });
  });

  test('what was good has no fault that it once had', () => {
    expect(
      probeUnder(policy().health, probe({ outcome: 'slow', detail: 'took longer than 200 ms' })),
    ).not.toHaveProperty('detail');
  });
});
