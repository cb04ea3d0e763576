import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backoffMs } from '../../src/backoff.ts';

describe('backoffMs', () => {
  const cases: readonly [number, number, number][] = [
    [0, 0, 500],
    [0, 1, 250],
    [1, 0, 1000],
    [4, 0, 8000],
    [5, 0, 10_000],
    [5, 0.5, 7500],
    [2000, 0, 10_000],
  ];
  for (const [attempt, random, expected] of cases) {
    test(`attempt ${attempt}, random ${random}: ${expected} ms`, () =>
      assert.equal(
        backoffMs(attempt, () => random),
        expected,
      ));
  }
});
