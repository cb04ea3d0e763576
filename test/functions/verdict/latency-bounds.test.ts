import { describe, expect, test } from '@jest/globals';
import {
  boundAtLeast,
  boundExceededBy,
  latencyBoundsMs,
  slowerThan,
  stepsOf,
} from '../../../functions/verdict/latency-bounds.ts';
import { side } from './answers.ts';

test('the bounds rise by about an eighth from 1 ms to 56 s', () => {
  expect(latencyBoundsMs[0]).toBe(1);
  expect(latencyBoundsMs.at(-1)).toBe(56_000);
  latencyBoundsMs.slice(1).forEach((bound, index) => {
    const factor = bound / (latencyBoundsMs[index] ?? 0);
    expect(factor).toBeGreaterThan(1.1);
    expect(factor).toBeLessThan(1.15);
  });
});

describe('slowerThan', () => {
  test.each([
    [100, 1],
    [90, 2],
    [56_000, 0],
    [1, 2],
  ])('of answers of 100 and 101 ms %i ms are exceeded by %i', (bound, slower) => {
    expect(slowerThan(side(2, 0, [100, 101]), boundAtLeast(bound))).toBe(slower);
  });

  test('answers beyond the last bound are counted, but none is slower than no bound', () => {
    expect(slowerThan(side(3, 0, [90_000]), latencyBoundsMs.length - 1)).toBe(3);
    expect(slowerThan(side(3, 0, [90_000]), latencyBoundsMs.length)).toBe(0);
  });
});

test.each([
  [0.05, 160],
  [0.25, 140],
  [0.5, 112],
])('at most %d of the answers exceed the bound of %i ms', (share, bound) => {
  const latencies = Array.from({ length: 100 }, (_, index) => 61 + index);
  expect(latencyBoundsMs[boundExceededBy(share, side(100, 0, latencies).latency)]).toBe(bound);
});

test.each([
  [1, 0],
  [1.1, 1],
  [1.12, 1],
  [1.13, 2],
  [2, 7],
])('a slow-down of %d is %i buckets', (factor, steps) => {
  expect(stepsOf(factor)).toBe(steps);
});
