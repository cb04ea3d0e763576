import { describe, expect, test } from '@jest/globals';
import { constantArrivals, rampingArrivals } from '../../../scripts/k6/arrivals.ts';
import { vuSteps } from '../../../scripts/k6/vu-steps.ts';

describe('arrivals', () => {
  test.each([
    { perSecond: 10, durationMs: 1000, count: 10 },
    { perSecond: 3, durationMs: 1000, count: 3 },
    { perSecond: 7, durationMs: 3000, count: 21 },
    { perSecond: 0.5, durationMs: 4000, count: 2 },
    { perSecond: 1000, durationMs: 2000, count: 2000 },
  ])('$perSecond/s for $durationMs ms are $count, the first at once', ({ perSecond, durationMs, count }) => {
    const times = [...constantArrivals(perSecond, durationMs)];
    expect(times).toHaveLength(count);
    expect(times[0]).toBe(0);
    expect(times.at(-1)).toBeCloseTo(((count - 1) * 1000) / perSecond, 6);
  });

  test('a ramp from 0 to 10/s in 2 s: the n-th comes where the triangle has the area n', () => {
    const times = [...rampingArrivals(0, [{ durationMs: 2000, target: 10 }])];
    expect(times).toHaveLength(10);
    // The area is 2.5 t² (t in seconds): n = 2.5 t².
    times.forEach((time, index) => {
      expect(time).toBeCloseTo(Math.sqrt((index + 1) / 2.5) * 1000, 6);
    });
  });

  test('stages follow one another; a stage of no length is a jump, one at 0 is a pause', () => {
    const times = [
      ...rampingArrivals(2, [
        { durationMs: 2000, target: 2 },
        { durationMs: 0, target: 10 },
        { durationMs: 1000, target: 10 },
        { durationMs: 0, target: 0 },
        { durationMs: 5000, target: 0 },
        { durationMs: 2000, target: 4 },
        { durationMs: 1000, target: 0 },
      ]),
    ];
    const within = (from: number, to: number): number =>
      times.filter((time) => time > from + 1e-6 && time <= to + 1e-6).length;
    expect([
      within(0, 2000),
      within(2000, 3000),
      within(3000, 8000),
      within(8000, 10_000),
      within(10_000, 11_000),
    ]).toEqual([4, 10, 0, 4, 2]);
    expect(times.slice(0, 4)).toEqual([500, 1000, 1500, 2000]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('virtual users change one at a time, and at the end of a stage its target is reached', () => {
    expect(
      vuSteps(1, [
        { durationMs: 2000, target: 3 },
        { durationMs: 1000, target: 3 },
        { durationMs: 0, target: 5 },
        { durationMs: 1000, target: 4 },
      ]),
    ).toEqual([
      { atMs: 0, vus: 1 },
      { atMs: 1000, vus: 2 },
      { atMs: 2000, vus: 3 },
      { atMs: 3000, vus: 5 },
      { atMs: 4000, vus: 4 },
    ]);
  });
});
