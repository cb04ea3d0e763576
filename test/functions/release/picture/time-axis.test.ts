import { describe, expect, test } from '@jest/globals';
import { timeAxis } from '../../../../functions/release/picture/time-axis.ts';

const minute = 60_000;

describe('the time axis', () => {
  test('is to scale', () => {
    const axis = timeAxis([0, 4 * minute, 10 * minute], 100, 300, 5);
    expect([0, 5 * minute, 10 * minute].map(axis.x)).toEqual([100, 200, 300]);
    expect(axis.breaks).toEqual([]);
    expect(axis.ticks.map(({ text }) => text)).toEqual(['0', '2 min', '4 min', '6 min', '8 min', '10 min']);
  });

  test('cuts a night in which nothing happened, and goes on counting after it', () => {
    const night = 14 * 60 * minute;
    const axis = timeAxis([0, 2 * minute, 4 * minute, night, night + 2 * minute], 0, 700, 7);
    expect(axis.breaks).toEqual([expect.objectContaining({ fromMs: 4 * minute, untilMs: night })]);
    expect(axis.x(4 * minute)).toBeGreaterThan(200);
    expect(axis.x(night + 2 * minute)).toBeCloseTo(700);
    expect(axis.ticks.map(({ text }) => text)).toContain('14 h');
  });

  test.each([
    ['one moment', [0]],
    ['the same moment twice', [0, 0]],
    ['no moment', []],
    ['a moment alone after the start', [0, 1]],
    ['years', [0, 1000, 94_608_000_000, 94_608_001_000]],
  ])('stays within its ends and never goes back: %s', (_, moments) => {
    const axis = timeAxis(moments, 50, 500, 7);
    const places = [-5, 0, 1, 500, 1000, 5_000_000, 94_608_001_000, Infinity].map(axis.x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((x) => x >= 50 && x <= 500.000001)).toBe(true);
    expect(axis.ticks.length).toBeLessThan(20);
  });
});
