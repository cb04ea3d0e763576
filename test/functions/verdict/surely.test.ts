import { describe, expect, test } from '@jest/globals';
import { sharedOut } from '../../../functions/verdict/distribution.ts';
import type { Sample } from '../../../functions/verdict/samples.ts';
import { surelyAbove, surelyBelow, surelyBetter, surelyWorse } from '../../../functions/verdict/surely.ts';
import { createRandom } from '../../../local/core/random.ts';
import { repeat } from './answers.ts';

/** How many answers each side gave and how many of all were bad; the share of the candidate changes. */
const load = [
  { ours: 10, theirs: 90, bad: 3 },
  { ours: 25, theirs: 75, bad: 2 },
  { ours: 50, theirs: 50, bad: 4 },
  { ours: 10, theirs: 40, bad: 1 },
  { ours: 80, theirs: 20, bad: 3 },
] as const;

/** Every way in which the bad answers can fall, with its probability when the odds stand to each other as `ratio`. */
function histories(ratio: number): { readonly samples: Sample[]; readonly probability: number }[] {
  return load.reduce<{ samples: Sample[]; probability: number }[]>(
    (before, { ours, theirs, bad }) => {
      const { low, mass } = sharedOut(ours, theirs, bad, ratio);
      return before.flatMap(({ samples, probability }) =>
        [...mass].map((p, index) => ({
          probability: probability * p,
          samples: [
            ...samples,
            {
              candidate: { total: ours, bad: low + index },
              stable: { total: theirs, bad: bad - low - index },
            },
          ],
        })),
      );
    },
    [{ samples: [], probability: 1 }],
  );
}

describe('what may be looked at after every stretch', () => {
  test.each([
    [1, 0.3],
    [1, 0.1],
    [1, 0.01],
    [2, 0.1],
  ])(
    'a candidate at the tolerated ratio %d is called worse at most %d of the time, by every history there is',
    (ratio, error) => {
      const wrong = histories(ratio).reduce(
        (sum, { samples, probability }) =>
          surelyWorse(samples, ratio, error) === undefined ? sum : sum + probability,
        0,
      );
      expect(wrong).toBeLessThanOrEqual(error);
      expect(wrong).toBeGreaterThan(0);
    },
  );

  test.each([0.3, 0.1])(
    'a candidate three times worse is called better than that at most %d of the time',
    (error) => {
      const wrong = histories(3).reduce(
        (sum, { samples, probability }) =>
          surelyBetter(samples, 3, error) === undefined ? sum : sum + probability,
        0,
      );
      expect(wrong).toBeLessThanOrEqual(error);
      expect(wrong).toBeGreaterThan(0);
    },
  );

  test('a share that grows while the candidate looks good does not raise false alarms: 1000 releases, a look at every stretch', () => {
    const random = createRandom(7, 'shares');
    const error = 0.05;
    let wrong = 0;
    for (let release = 0; release < 1000; release += 1) {
      const samples: Sample[] = [];
      let share = 0.1;
      for (let stretch = 0; stretch < 30; stretch += 1) {
        const totals = [Math.round(100 * share), Math.round(100 * (1 - share))].map((total) => ({
          total,
          bad: repeat(total, 0).filter(() => random() < 0.02).length,
        }));
        const [candidate = { total: 0, bad: 0 }, stable = { total: 0, bad: 0 }] = totals;
        samples.push({ candidate, stable });
        share = candidate.bad / candidate.total > 0.02 ? 0.1 : 0.5;
      }
      if (surelyWorse(samples, 1, error) !== undefined) wrong += 1;
    }
    expect(wrong / 1000).toBeLessThan(error);
  });
});

const sample = (candidate: number, stable: number): Sample => ({
  candidate: { total: 100, bad: candidate },
  stable: { total: 900, bad: stable },
});

describe('surelyWorse', () => {
  test('stops early at a clear difference', () => {
    expect(surelyWorse(repeat(100, sample(10, 9)), 1, 0.01)).toBe(0);
    expect(surelyWorse(repeat(100, sample(3, 9)), 1, 0.01)).toBeLessThan(10);
  });

  test('more bad answers of the candidate never make it later', () => {
    const stops = [2, 3, 4, 5, 8].map((bad) => surelyWorse(repeat(200, sample(bad, 9)), 1, 0.01) ?? Infinity);
    expect(stops).toEqual(stops.toSorted((a, b) => b - a));
  });

  test('a smaller error never makes it earlier', () => {
    const stops = [0.1, 0.01, 0.001].map(
      (error) => surelyWorse(repeat(200, sample(3, 9)), 1, error) ?? Infinity,
    );
    expect(stops).toEqual(stops.toSorted((a, b) => a - b));
  });

  test('all at once says the same as many small stretches, to within a stretch or two', () => {
    const small = surelyWorse(repeat(60, sample(3, 9)), 1, 0.01) ?? Infinity;
    const joined: Sample = { candidate: { total: 500, bad: 15 }, stable: { total: 4500, bad: 45 } };
    const large = surelyWorse(repeat(12, joined), 1, 0.01) ?? Infinity;
    expect(Math.abs((large + 1) * 5 - (small + 1))).toBeLessThanOrEqual(7);
  });

  test('hours of good answers do not hide for long what goes bad then', () => {
    const good = repeat(1000, sample(1, 9));
    const found = surelyWorse([...good, ...repeat(200, sample(5, 9))], 1, 0.01) ?? Infinity;
    expect(found - good.length).toBeGreaterThanOrEqual(0);
    expect(found - good.length).toBeLessThan(40);
  });
});

describe('a share of its own', () => {
  test('no bad answers at all are surely below a budget of 1 % after about ln(1/error) / budget answers', () => {
    const found = surelyBelow(repeat(1000, { total: 1, bad: 0 }), 0.01, 0.05) ?? Infinity;
    expect(found).toBeGreaterThan(Math.log(1 / 0.05) / 0.01);
    expect(found).toBeLessThan((1.25 * Math.log(1 / 0.05)) / 0.01);
  });

  test('at the budget it is neither above nor below', () => {
    const tallies = repeat(100, { total: 100, bad: 1 });
    expect(surelyAbove(tallies, 0.01, 0.01)).toBeUndefined();
    expect(surelyBelow(tallies, 0.01, 0.01)).toBeUndefined();
  });
});
