import { describe, expect, test } from '@jest/globals';
import { parseDurationMs, showDuration } from '../../../scripts/k6/duration.ts';

describe('durations', () => {
  test.each([
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['250us', 0.25],
    ['1d', 86_400_000],
    ['750', 750],
    [750, 750],
    ['0', 0],
    ['', undefined],
    ['soon', undefined],
    ['1 m', undefined],
    ['-1s', undefined],
    [-1, undefined],
  ])('%p is %p ms', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });

  test.each([
    [0, '0s'],
    [0.8124, '812.4µs'],
    [12.3456, '12.35ms'],
    [1500, '1.5s'],
    [125_000, '2m5s'],
  ])('%p ms are shown as %p', (ms, expected) => {
    expect(showDuration(ms)).toBe(expected);
  });
});
