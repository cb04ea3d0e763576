import { describe, expect, test } from '@jest/globals';
import { binomial, mean, plus, sharedOut } from '../../../functions/verdict/distribution.ts';

function choose(n: number, k: number): number {
  return k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k;
}

describe('binomial', () => {
  test.each([
    [10, 0.3],
    [4, 0.01],
    [6, 0.99],
  ])('%i answers at %d agree with the formula', (total, rate) => {
    const { low, mass } = binomial(total, rate);
    expect(mass.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    mass.forEach((p, index) => {
      const k = low + index;
      expect(p).toBeCloseTo(choose(total, k) * rate ** k * (1 - rate) ** (total - k), 12);
    });
  });

  test('no answers, a rate of nought and a rate of one leave one outcome', () => {
    expect(binomial(0, 0.5)).toEqual({ low: 0, mass: Float64Array.of(1) });
    expect(binomial(5, 0)).toEqual({ low: 0, mass: Float64Array.of(1) });
    expect(binomial(5, 1)).toEqual({ low: 5, mass: Float64Array.of(1) });
  });

  test('a million answers stay cheap: only what is likely is kept', () => {
    const distribution = binomial(1_000_000, 0.5);
    expect(mean(distribution)).toBeCloseTo(500_000, 3);
    expect(distribution.mass.length).toBeLessThan(10_000);
  });
});

describe('sharedOut', () => {
  test.each([
    [5, 20, 4],
    [3, 7, 10],
    [10, 10, 1],
  ])('%i of ours and %i of theirs with %i bad agree with the hypergeometric formula', (ours, theirs, bad) => {
    const { low, mass } = sharedOut(ours, theirs, bad, 1);
    mass.forEach((p, index) => {
      const k = low + index;
      expect(p).toBeCloseTo((choose(ours, k) * choose(theirs, bad - k)) / choose(ours + theirs, bad), 12);
    });
  });

  test('when everything is bad on both sides it tells nothing, whatever the ratio', () => {
    expect(sharedOut(10, 90, 100, 3)).toEqual({ low: 10, mass: Float64Array.of(1) });
  });

  test('more is expected of ours the higher the odds ratio is', () => {
    const expected = [0.5, 1, 2, 10].map((ratio) => mean(sharedOut(50, 450, 20, ratio)));
    expect(expected).toEqual(expected.toSorted((a, b) => a - b));
    expect(expected[1]).toBeCloseTo(2, 10);
  });
});

test('the sum of two has the sum of their means, and all of the probability', () => {
  const both = plus(binomial(30, 0.2), sharedOut(10, 40, 7, 2));
  expect(mean(both)).toBeCloseTo(mean(binomial(30, 0.2)) + mean(sharedOut(10, 40, 7, 2)), 10);
  expect(both.mass.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
});
