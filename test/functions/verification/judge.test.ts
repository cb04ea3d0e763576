import { describe, expect, test } from '@jest/globals';
import { healthPolicy } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import { judge, judgeProbes } from '../../../functions/verification/judge.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');

const results: Readonly<Record<string, Pick<Probe, 'outcome' | 'detail'>>> = {
  o: { outcome: 'ok' },
  f: { outcome: 'wrong-status', detail: 'answered 500 instead of 200' },
  l: { outcome: 'rate-limited', detail: 'answered 429, its own rate limit' },
  p: { outcome: 'not-permitted', detail: 'answered 403 instead of 200' },
  u: { outcome: 'unreachable', detail: 'could not be asked (ENOTFOUND)' },
  t: { outcome: 'timeout', detail: 'did not answer within 5 s' },
  r: { outcome: 'refused', detail: 'refused the connection' },
  w: { outcome: 'wrong-revision', detail: 'was answered by revision api-old' },
  a: { outcome: 'wrong-answer', detail: 'answered, but its body does not contain "ok"' },
  s: { outcome: 'slow', detail: 'took longer than 200 ms' },
  c: { outcome: 'closed-early', detail: 'ended before its first message' },
};

/** One letter a second, a point is a second without a probe. */
function probes(pattern: string, check?: string): Probe[] {
  return Array.from(pattern).flatMap((letter, second): Probe[] => {
    if (letter === '.') return [];
    const result = results[letter];
    if (!result) throw new Error(`there is no result ${letter}`);
    const at = new Date(start + second * 1000).toISOString();
    return [{ at, latencyMs: 5, ...result, ...(check === undefined ? {} : { check }) }];
  });
}

const policy = healthPolicy.parse({ deadlineSeconds: 20, watchSeconds: 6 });
const broad = healthPolicy.parse({
  deadlineSeconds: 20,
  watchSeconds: 6,
  streams: [{ protocol: 'sse', path: '/stream' }],
  journeys: [{ name: 'post a message', steps: [{ path: '/' }] }],
});
const sse = 'sse /stream';
const journey = 'journey "post a message"';

describe('before any traffic', () => {
  test.each([
    ['nothing yet', '', 0, ''],
    ['a few successes are not enough', 'oo', 2, '2 successes in a row over 1.0 s'],
    ['enough successes, but the watch is not over', 'oooo', 4, '4 successes in a row over 3.0 s'],
    ['flapping never adds up (trap 17)', 'ofofofofofof', 12, ''],
    ['a failure in the watch starts it anew (trap 17)', 'ooooofooo', 9, '3 successes in a row over 2.0 s'],
    ['one good answer makes the deadline that of the watch', `${'r'.repeat(19)}oooo`, 23, ''],
    ['silence before the deadline', 'llll', 19, ''],
  ])('not yet: %s', (_, pattern, elapsed, reason) => {
    const judgement = judge(policy, probes(pattern), elapsed);
    expect(judgement.done).toBe(false);
    expect(judgement.reason).toContain(reason);
  });

  test.each<[string, string, number, 'healthy' | 'unhealthy' | 'inconclusive', string]>([
    [
      'enough successes over the whole watch',
      'ooooooo',
      7,
      'healthy',
      '7 of 7 probes of /health answered 200 over 6.0 s',
    ],
    ['a slow start', 'rrrrooooooo', 11, 'healthy', '7 of 7 probes'],
    ['its own rate limit is no failure (trap 17)', 'oolollooo', 9, 'healthy', '6 of 6 probes'],
    ['nor is that we may not ask', 'oopoouooo', 9, 'healthy', '7 of 7 probes'],
    [
      'flapping until the end (trap 17)',
      'of'.repeat(13),
      26,
      'unhealthy',
      'health check /health answered 500 instead of 200 (13 times) within 26 s',
    ],
    [
      'never anything but 500',
      'f'.repeat(20),
      20,
      'unhealthy',
      'health check /health answered 500 instead of 200 (20 times) within 20 s',
    ],
    [
      'the most frequent goes first',
      'fttl',
      20,
      'unhealthy',
      'health check /health did not answer within 5 s (2 times), answered 500 instead of 200 (once), answered 429, its own rate limit (once) within 20 s',
    ],
    ['refused', 'r', 20, 'unhealthy', 'refused the connection (once)'],
    ['slow', 'sss', 20, 'unhealthy', 'took longer than 200 ms (3 times)'],
    ['a wrong answer', 'aaa', 20, 'unhealthy', 'answered, but its body does not contain "ok" (3 times)'],
    ['it dies after its first good answers (trap 17)', `ooo${'r'.repeat(23)}`, 26, 'unhealthy', '(23 times)'],
    [
      'another revision answers (trap 10)',
      'w'.repeat(20),
      20,
      'unhealthy',
      'was answered by revision api-old (20 times) within 20 s',
    ],
    [
      'only rate limits (traps 17 and 22)',
      'l'.repeat(40),
      40,
      'inconclusive',
      'health check /health answered 429, its own rate limit (40 times) within 20 s: nothing is known of its health',
    ],
    [
      'only refusals to let us ask (trap 22)',
      'pppu',
      20,
      'inconclusive',
      'answered 403 instead of 200 (3 times), could not be asked (ENOTFOUND) (once) within 20 s: nothing is known',
    ],
    [
      'no probe at all is no data, and no data is neither healthy nor unhealthy (trap 22)',
      '',
      20,
      'inconclusive',
      '/health could not be probed within 20 s: nothing is known of its health',
    ],
    [
      'too few good answers among rate limits (trap 22)',
      `rrr${'l'.repeat(20)}oo`,
      26,
      'inconclusive',
      'health check /health had 2 good answers in a row over 1.0 s where 3 over 6 s are asked for, and answered 429, its own rate limit (20 times), refused the connection (3 times) within 26 s: too little is known of its health',
    ],
  ])('for good: %s', (_, pattern, elapsed, verdict, reason) => {
    const judgement = judge(policy, probes(pattern), elapsed);
    expect(judgement).toMatchObject({ done: true, verdict });
    expect(judgement.reason).toContain(reason);
  });

  describe('with a startup path', () => {
    const starting = { ...policy, startupPath: '/ready' };
    const startup = (pattern: string): Probe[] => probes(pattern, 'startup /ready');

    test.each([
      ['it has not answered yet', startup('rrrr'), 4],
      ['a good health path does not stand in for it', [...startup('f'), ...probes('ooooooo')], 8],
      ['it has answered, the health path has not', startup('rrro'), 4],
    ])('not yet: %s', (_, seen, elapsed) => {
      expect(judge(starting, seen, elapsed).done).toBe(false);
    });

    test('its failures are not held against the health path', () => {
      const seen = [...startup('ffffo'), ...probes('.....ooooooo')];
      expect(judge(starting, seen, 12)).toEqual({
        done: true,
        verdict: 'healthy',
        reason: '7 of 7 probes of /health answered 200 over 6.0 s',
      });
    });

    test.each<[string, string, string, string]>([
      [
        'failures',
        'f'.repeat(20),
        'unhealthy',
        'startup /ready answered 500 instead of 200 (20 times) within 20 s',
      ],
      [
        'what tells nothing (trap 22)',
        'ppp',
        'inconclusive',
        'startup /ready answered 403 instead of 200 (3 times) within 20 s: nothing is known of its health',
      ],
      ['no probe', '', 'inconclusive', 'startup /ready could not be probed within 20 s'],
    ])('that does not answer in time: %s', (_, pattern, verdict, reason) => {
      const judgement = judge(starting, startup(pattern), 20);
      expect(judgement).toMatchObject({ done: true, verdict });
      expect(judgement.reason).toContain(reason);
    });
  });

  describe('with streams and journeys (trap 24)', () => {
    const good = probes('o'.repeat(26));

    test.each<[string, Probe[]]>([
      ['one was not tried yet', probes('.o', sse)],
      ['one failed last', [...probes('.o', sse), ...probes('.o..f', journey)]],
      ['one told nothing yet', [...probes('.o', sse), ...probes('.l', journey)]],
      ['another check does not stand in for it', [...probes('.o', sse), ...probes('.o', 'journey "other"')]],
    ])('not yet: %s', (_, sides) => {
      expect(judge(broad, [...good.slice(0, 10), ...sides], 10).done).toBe(false);
    });

    test.each<[string, Probe[], string, string]>([
      [
        'all good when they last told something',
        [...probes('.co', sse), ...probes('.fol', journey)],
        'healthy',
        `26 of 26 probes of /health answered 200 over 25.0 s; good as well: ${sse}, ${journey}`,
      ],
      [
        'one failed last',
        [...probes('.o..c.c', sse), ...probes('.o', journey)],
        'unhealthy',
        `${sse} ended before its first message (2 times) within 26 s`,
      ],
      [
        'both failed',
        [...probes('.c', sse), ...probes('.t', journey)],
        'unhealthy',
        `${sse} ended before its first message (once); ${journey} did not answer within 5 s (once) within 26 s`,
      ],
      [
        'one told nothing (trap 22)',
        [...probes('.o', sse), ...probes('.ll', journey)],
        'inconclusive',
        `${journey} answered 429, its own rate limit (2 times) within 26 s: too little is known of its health`,
      ],
      [
        'one has not come to its end (trap 22)',
        probes('.o', sse),
        'inconclusive',
        `${journey} could not be tried to its end within 26 s: too little is known of its health`,
      ],
    ])('for good: %s', (_, sides, verdict, reason) => {
      expect(judge(broad, [...good, ...sides], 26)).toEqual({ done: true, verdict, reason });
    });

    test('a failing health path is unhealthy whatever was not tried', () => {
      expect(judge(broad, probes('f'.repeat(20)), 20)).toEqual({
        done: true,
        verdict: 'unhealthy',
        reason: 'health check /health answered 500 instead of 200 (20 times) within 20 s',
      });
    });
  });
});

describe('with traffic', () => {
  test.each<[string, string, string, string]>([
    ['the last answers are good', 'ooo', 'healthy', 'the last 3 probes of /health answered 200'],
    ['the last answers are good again', 'fffooo', 'healthy', 'the last 3 probes'],
    ['a rate limit breaks no row (trap 17)', 'ooolo', 'healthy', 'the last 4 probes'],
    [
      'failures in a row',
      'ooofft',
      'unhealthy',
      'health check /health failed 3 times in a row: answered 500 instead of 200 (2 times), did not answer within 5 s (once)',
    ],
    [
      'failures in a row, rate limits between them (trap 17)',
      'offlfl',
      'unhealthy',
      'failed 3 times in a row',
    ],
    [
      'another revision behind the tag (trap 10)',
      'oowww',
      'unhealthy',
      'was answered by revision api-old (3 times)',
    ],
    ['flapping (trap 17)', 'offoffo', 'inconclusive', '1 of 3 successes of /health in a row'],
    ['too few answers', 'oo', 'inconclusive', '2 of 3 successes of /health in a row'],
    ['too few failures', 'ooff', 'inconclusive', '0 of 3 successes of /health in a row'],
    ['no probe (trap 22)', '', 'inconclusive', '/health was not probed'],
    [
      'good answers of long ago (trap 22)',
      'oooolpu',
      'inconclusive',
      'health check /health answered 429, its own rate limit (once), answered 403 instead of 200 (once), could not be asked (ENOTFOUND) (once): nothing is known of its health',
    ],
  ])('%s', (_, pattern, verdict, reason) => {
    const judged = judgeProbes(policy, probes(pattern));
    expect(judged.verdict).toBe(verdict);
    expect(judged.reason).toContain(reason);
  });

  test('the startup path is of the past', () => {
    const seen = [...probes('fff', 'startup /ready'), ...probes('...ooo')];
    expect(judgeProbes({ ...policy, startupPath: '/ready' }, seen).verdict).toBe('healthy');
  });

  test.each<[string, Probe[], string, string]>([
    ['not tried in this time', [], 'healthy', 'the last 3 probes of /health answered 200'],
    ['good', [...probes('co', sse), ...probes('o', journey)], 'healthy', ''],
    [
      'one lost connection takes nothing back (trap 24)',
      probes('oc', sse),
      'inconclusive',
      `${sse} ended before its first message (once)`,
    ],
    [
      'two lost connections in a row do (trap 24)',
      probes('oclc', sse),
      'unhealthy',
      `${sse} failed 2 times in a row: ended before its first message (2 times)`,
    ],
    [
      'two lost connections with a good one between them (trap 24)',
      probes('coc', sse),
      'inconclusive',
      'once',
    ],
    [
      'failures of two checks do not add up',
      [...probes('c', sse), ...probes('t', journey)],
      'inconclusive',
      `${sse} ended before its first message (once); ${journey} did not answer within 5 s (once)`,
    ],
    ['its own rate limit (trap 17)', probes('olll', journey), 'healthy', ''],
  ])('a stream or a journey: %s', (_, sides, verdict, reason) => {
    const judged = judgeProbes(broad, [...probes('ooo'), ...sides]);
    expect(judged.verdict).toBe(verdict);
    expect(judged.reason).toContain(reason);
  });
});
