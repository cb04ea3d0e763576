import { describe, expect, test } from '@jest/globals';
import {
  apiFaultSettingsSchema,
  createApiFaultPlanner,
  type ApiFaultPlanner,
} from '../../../local/core/api-faults.ts';

const planner = (settings: object): ApiFaultPlanner =>
  createApiFaultPlanner(apiFaultSettingsSchema.parse(settings));
const fates = (plan: ApiFaultPlanner['plan'], path = '/v2/a', count = 300): unknown[] =>
  Array.from({ length: count }, () => plan('GET', path));

const flaky = { probability: 0.3, fault: 'refuse-503', delayMs: [10, 500] };

describe('createApiFaultPlanner', () => {
  test('the same seed gives the same fates, another seed others', () => {
    const of = (seed: number): unknown[] => fates(planner({ seed, rules: [flaky] }).plan);
    expect(of(7)).toEqual(of(7));
    expect(of(8)).not.toEqual(of(7));
  });

  test('requests that a rule does not fit change nothing for those it fits', () => {
    const rules = [{ ...flaky, match: { pathPrefix: '/v2/' } }];
    const { plan } = planner({ seed: 7, rules });
    const interleaved = Array.from({ length: 300 }, () => {
      expect(plan('GET', '/storage/v1/b')).toBeUndefined();
      return plan('GET', '/v2/a');
    });
    expect(interleaved).toEqual(fates(planner({ seed: 7, rules }).plan));
  });

  test('rules do not disturb one another, and the first that strikes decides', () => {
    const always = { probability: 1, fault: 'refuse-409' };
    const both = fates(planner({ seed: 7, rules: [flaky, always] }).plan);
    const alone = fates(planner({ seed: 7, rules: [flaky] }).plan);
    expect(both).toEqual(
      alone.map((fate) => fate ?? { fault: 'refuse-409', delayMs: 0, retryAfterSeconds: undefined }),
    );
  });

  test('strikes as often as it should, within its bounds, and counts', () => {
    const { plan, counts } = planner({ seed: 1, rules: [flaky] });
    const struck = fates(plan, '/v2/a', 4_000).filter((fate) => fate !== undefined);
    expect(counts).toEqual([{ matched: 4_000, struck: struck.length }]);
    expect(Math.abs(struck.length / 4_000 - 0.3)).toBeLessThan(0.03);
    for (const { delayMs } of struck as { delayMs: number }[]) {
      expect(delayMs).toBeGreaterThanOrEqual(10);
      expect(delayMs).toBeLessThanOrEqual(500);
    }
  });

  test.each<[string, object, string, string, boolean]>([
    ['no match at all', {}, 'GET', '/v2/a', true],
    ['a method', { method: 'PATCH' }, 'PATCH', '/v2/a', true],
    ['another method', { method: 'PATCH' }, 'GET', '/v2/a', false],
    ['a prefix', { pathPrefix: '/v2/' }, 'GET', '/v2/a', true],
    ['another prefix', { pathPrefix: '/v2/' }, 'GET', '/a/v2/', false],
    ['a pattern', { pathPattern: '/revisions/[^/]+$' }, 'GET', '/v2/s/revisions/r', true],
    ['half of what is asked for', { method: 'GET', pathPattern: 'x' }, 'GET', '/v2/a', false],
    ['the switch itself, never', { pathPrefix: '/local' }, 'DELETE', '/local/faults', false],
    ['the console, never', {}, 'GET', '/console', false],
    ['a path that only begins like it', {}, 'GET', '/locals', true],
  ])('fits %s', (_, match, method, path, expected) => {
    const { plan } = planner({ seed: 1, rules: [{ match, probability: 1, fault: 'refuse-500' }] });
    expect(plan(method, path) !== undefined).toBe(expected);
  });

  test.each<[string, object]>([
    ['a rule that does nothing', { probability: 1 }],
    ['an unknown fault', { probability: 1, fault: 'refuse-418' }],
    ['a probability above 1', { probability: 1.1, fault: 'refuse-500' }],
    ['a pattern that is none', { probability: 1, fault: 'refuse-500', match: { pathPattern: '(' } }],
    ['bounds the wrong way round', { probability: 1, delayMs: [2, 1] }],
    ['an unknown key', { probability: 1, fault: 'refuse-500', path: '/' }],
  ])('%s is refused', (_, rule) => {
    expect(apiFaultSettingsSchema.safeParse({ seed: 1, rules: [rule] }).success).toBe(false);
  });
});
