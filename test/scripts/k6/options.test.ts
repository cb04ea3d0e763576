import { describe, expect, test } from '@jest/globals';
import { TestError } from '../../../scripts/k6/exit-code.ts';
import { readOptions } from '../../../scripts/k6/options.ts';
import { vuDemand } from '../../../scripts/k6/vu-demand.ts';

const scenario = (options: unknown) => readOptions(options, ['default', 'read']).scenarios[0];

describe('options', () => {
  test.each([
    [{}, { executor: 'shared-iterations', vus: 1, iterations: 1, maxDurationMs: 600_000 }],
    [
      { vus: 3, iterations: 9, duration: '5s' },
      { executor: 'shared-iterations', vus: 3, iterations: 9, maxDurationMs: 5000 },
    ],
    [
      { vus: 3, duration: '5s' },
      { executor: 'constant-vus', vus: 3, durationMs: 5000 },
    ],
    [
      { stages: [{ duration: '5s', target: 4 }] },
      { executor: 'ramping-vus', startVus: 1, stages: [{ durationMs: 5000, target: 4 }] },
    ],
  ])('the short form %j', (options, expected) => {
    expect(scenario(options)).toMatchObject({
      name: 'default',
      exec: 'default',
      gracefulStopMs: 30_000,
      ...expected,
    });
  });

  test('rates are per second, whatever their unit', () => {
    const scenarios = {
      a: {
        executor: 'constant-arrival-rate',
        exec: 'read',
        rate: 90,
        timeUnit: '1m',
        duration: '1m',
        preAllocatedVUs: 2,
        maxVUs: 5,
      },
    };
    expect(scenario({ scenarios })).toMatchObject({ perSecond: 1.5, maxVus: 5 });
  });

  test('scenarios that cannot meet share their virtual users', () => {
    const constant = (vus: number, startTime: string) => ({
      executor: 'constant-vus',
      vus,
      duration: '10s',
      startTime,
      gracefulStop: '5s',
    });
    const demand = (b: string) =>
      vuDemand(
        readOptions({ scenarios: { a: constant(4, '0s'), b: constant(3, b) } }, ['default']).scenarios,
      );
    expect([demand('12s'), demand('16s')]).toEqual([7, 4]);
  });

  test.each([
    ['an option', { rps: 10 }, 'rps'],
    ['an executor', { scenarios: { a: { executor: 'externally-controlled' } } }, 'executor'],
    [
      'an option of an executor',
      { scenarios: { a: { executor: 'constant-vus', duration: '1s', rate: 3 } } },
      'rate',
    ],
    ['a duration', { scenarios: { a: { executor: 'constant-vus', duration: 'long' } } }, 'long'],
    [
      'a function',
      { scenarios: { a: { executor: 'constant-vus', duration: '1s', exec: 'write' } } },
      'write',
    ],
    ['two ways to say it', { vus: 2, scenarios: { a: { executor: 'constant-vus', duration: '1s' } } }, 'vus'],
    ['too few iterations', { vus: 5, iterations: 2 }, '2 iterations'],
    ['a statistic', { summaryTrendStats: ['p95'] }, 'summaryTrendStats'],
  ])('%s that cannot be used is refused by name', (_what, options, named) => {
    const refused = () => readOptions(options, ['default', 'read']);
    expect(refused).toThrow(TestError);
    expect(refused).toThrow(named);
  });
});
