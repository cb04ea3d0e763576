import { describe, expect, test } from '@jest/globals';
import { TestError } from '../../../scripts/k6/exit-code.ts';
import { createMeasurements, metricsByName } from '../../../scripts/k6/measurements.ts';
import { readThresholds } from '../../../scripts/k6/threshold.ts';

const metrics = metricsByName([{ name: 'own', type: 'trend', contains: 'default' }]);

/** Whether each threshold holds once the samples are in. */
function judged(
  thresholds: Record<string, unknown>,
  samples: readonly [string, number, Record<string, string>?][],
) {
  const measurements = createMeasurements(metrics, readThresholds(thresholds, metrics));
  for (const [name, value, tags = {}] of samples) measurements.add({ tags, values: [[name, value]] });
  return Object.fromEntries(
    measurements
      .results(10_000)
      .flatMap(({ name, thresholds: own }) =>
        own.map(({ threshold, ok, value }) => [`${name} ${threshold.source}`, [ok, value]]),
      ),
  );
}

describe('thresholds', () => {
  test.each([
    ['p(50)<3', true, 2.5],
    ['med<=2.5', true, 2.5],
    ['avg>2.5', false, 2.5],
    ['min==1', true, 1],
    ['max!=4', false, 4],
    ['max>=4', true, 4],
    ['p(99.9) < 3.997', false, 3.997],
  ])('of a trend of 1, 2, 3, 4: %s is %p', (threshold, ok, value) => {
    const { [`own ${threshold}`]: result } = judged({ own: [threshold] }, [
      ['own', 3],
      ['own', 1],
      ['own', 4],
      ['own', 2],
    ]);
    expect(result).toEqual([ok, expect.closeTo(value, 9)]);
  });

  test('of counters by sum and by second, of rates by share, of gauges by the last value', () => {
    expect(
      judged({ http_reqs: ['count>=30', 'rate<3'], checks: ['rate>0.75'], vus: ['value<5'] }, [
        ['http_reqs', 10],
        ['http_reqs', 20],
        ['checks', 1],
        ['checks', 1],
        ['checks', 1],
        ['checks', 0],
        ['vus', 9],
        ['vus', 4],
      ]),
    ).toEqual({
      'http_reqs count>=30': [true, 30],
      'http_reqs rate<3': [false, 3],
      'checks rate>0.75': [false, 0.75],
      'vus value<5': [true, 4],
    });
  });

  test('a part of a metric has only the samples with all of its tags', () => {
    const spike = { scenario: 'spike', status: '200' };
    expect(
      judged({ 'own{scenario:spike, status:200}': ['max<5'], own: ['max<5'] }, [
        ['own', 3, spike],
        ['own', 9, { scenario: 'spike', status: '500' }],
        ['own', 9, { scenario: 'ramp', status: '200' }],
      ]),
    ).toEqual({ 'own{scenario:spike, status:200} max<5': [true, 3], 'own max<5': [false, 9] });
  });

  test('only failed thresholds with abortOnFail end a test, not before their delay, and not without samples', () => {
    const aborting = (elapsedMs: number, samples: readonly number[]) => {
      const thresholds = readThresholds(
        {
          own: [{ threshold: 'max<5', abortOnFail: true, delayAbortEval: '3s' }, 'max<1'],
          http_reqs: [{ threshold: 'count>9', abortOnFail: true }],
        },
        metrics,
      );
      const measurements = createMeasurements(metrics, thresholds);
      for (const value of samples) measurements.add({ tags: {}, values: [['own', value]] });
      return measurements.aborting(elapsedMs);
    };
    expect(aborting(4000, [4])).toEqual([]);
    expect(aborting(2999, [6])).toEqual([]);
    expect(aborting(3000, [6])).toEqual(['own: max<5']);
    expect(aborting(9000, [])).toEqual([]);
  });

  test.each([
    ['an unknown metric', { http_req_durations: ['p(95)<1'] }, 'http_req_durations'],
    ['a value that the metric has not got', { checks: ['p(95)<1'] }, 'p(95)<1'],
    ['a percentile above 100', { own: ['p(101)<1'] }, 'p(101)<1'],
    ['no comparison', { own: ['fast'] }, 'fast'],
    ['an unknown key', { own: [{ threshold: 'max<1', abortOnfail: true }] }, 'abortOnfail'],
    ['a tag without a value', { 'own{scenario}': ['max<1'] }, 'own{scenario}'],
    ['a bad delay', { own: [{ threshold: 'max<1', delayAbortEval: 'later' }] }, 'later'],
  ])('%s is refused by name', (_what, thresholds, named) => {
    const refused = () => readThresholds(thresholds, metrics);
    expect(refused).toThrow(TestError);
    expect(refused).toThrow(named);
  });
});
