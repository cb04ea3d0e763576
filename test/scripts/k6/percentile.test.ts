import { describe, expect, test } from '@jest/globals';
import { percentile } from '../../../scripts/k6/percentile.ts';

describe('percentile', () => {
  // Expected values by hand: linear between the neighbours of the place percent/100 * (count - 1).
  test.each([
    { values: [], percent: 95, expected: 0 },
    { values: [7], percent: 95, expected: 7 },
    { values: [1, 2], percent: 50, expected: 1.5 },
    { values: [1, 2, 3, 4], percent: 50, expected: 2.5 },
    { values: [10, 20, 30, 40, 50], percent: 90, expected: 46 },
    { values: [10, 20, 30, 40, 50], percent: 95, expected: 48 },
    { values: [10, 20, 30, 40, 50], percent: 0, expected: 10 },
    { values: [10, 20, 30, 40, 50], percent: 100, expected: 50 },
    { values: Array.from({ length: 100 }, (_, n) => n + 1), percent: 99, expected: 99.01 },
  ])('p($percent) of $values.length values is $expected', ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBeCloseTo(expected, 9);
  });
});
