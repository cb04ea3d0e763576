import { expect, test } from '@jest/globals';
import { percentile } from '../../bench/percentile.ts';

test.each([
  [[], 0.5, NaN],
  [[7], 0.95, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 2, 1], 0.5, 2],
  [[1, 2, 3, 4, 5, 6, 70], 0.95, 70],
  [Array.from({ length: 100 }, (_, index) => index + 1), 0.95, 95],
])('of %j at %f: %f', (values, rank, expected) => {
  expect(percentile(values, rank)).toBe(expected);
});
