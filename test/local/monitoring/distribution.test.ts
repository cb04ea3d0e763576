import { describe, expect, test } from '@jest/globals';
import {
  addDistributions,
  bucketBounds,
  decodeDistribution,
  emptyDistribution,
  observe,
  percentile,
  subtractDistributions,
  type Distribution,
} from '../../../local/monitoring/distribution.ts';

const options = { explicitBuckets: { bounds: [1, 10, 100] } };
const of = (...values: number[]): Distribution => values.reduce(observe, emptyDistribution(options));

test.each([
  [{ explicitBuckets: { bounds: [1, 2] } }, [1, 2]],
  [{ linearBuckets: { numFiniteBuckets: 2, width: 5, offset: 10 } }, [10, 15, 20]],
  [{ exponentialBuckets: { numFiniteBuckets: 3, growthFactor: 2, scale: 1 } }, [1, 2, 4, 8]],
])('bounds of %j', (given, bounds) => {
  expect(bucketBounds(given)).toEqual(bounds);
});

test('a value on a bound belongs to the bucket above it', () => {
  expect(of(0.5, 1, 9.99, 10, 1000).bucketCounts).toEqual([1, 2, 1, 1]);
});

test('adding and taking away again gives what there was', () => {
  const before = of(2, 3);
  const added = of(50, 200, 7);
  const sum = addDistributions(before, added);
  expect(sum).toEqual({
    ...of(2, 3, 50, 200, 7),
    mean: expect.closeTo(52.4, 9),
    sumOfSquaredDeviation: expect.closeTo(of(2, 3, 50, 200, 7).sumOfSquaredDeviation, 6),
  });
  const back = subtractDistributions(sum, before);
  expect(back.bucketCounts).toEqual(added.bucketCounts);
  expect(back.mean).toBeCloseTo(added.mean, 9);
  expect(back.sumOfSquaredDeviation).toBeCloseTo(added.sumOfSquaredDeviation, 6);
});

test('buckets that differ cannot be put together', () => {
  const other = emptyDistribution({ explicitBuckets: { bounds: [1, 2] } });
  expect(() => addDistributions(of(1), other)).toThrow(/different buckets/);
  expect(() => subtractDistributions(of(1), other)).toThrow(/different buckets/);
});

test('percentiles lie within their bucket; there is none of nothing', () => {
  expect(percentile(of(5, 5, 5, 5), 50)).toBeCloseTo(5.5, 9);
  expect(percentile(of(5, 500), 99)).toBe(100);
  expect(percentile(of(0.5), 50)).toBe(0.5);
  expect(percentile(of(), 50)).toBeUndefined();
});

describe('a client’s distribution is refused', () => {
  test.each([
    ['without buckets', { count: '0' }, /bucket_options is required/],
    ['with two kinds of buckets', { bucketOptions: { ...options, linearBuckets: {} } }, /exactly one kind/],
    ['with bounds that fall', { bucketOptions: { explicitBuckets: { bounds: [2, 1] } } }, /must increase/],
    ['with no bound', { bucketOptions: { explicitBuckets: {} } }, /at least one bound/],
    ['with a count of its own', { count: '2', bucketOptions: options, bucketCounts: ['1'] }, /the sum of/],
    [
      'with too many buckets',
      { bucketOptions: options, bucketCounts: ['0', '0', '0', '0', '0'] },
      /more than 4 entries/,
    ],
    ['with a negative count', { bucketOptions: options, bucketCounts: ['-1'], count: '-1' }, /whole number/],
    ['with a mean of nothing', { bucketOptions: options, mean: 1 }, /must be 0 where count is 0/],
    ['with exemplars', { bucketOptions: options, exemplars: [] }, /not part of the local cloud/],
  ])('%s', (_, json, message) => {
    expect(() => decodeDistribution(json)).toThrow(message);
  });
});
