import { describe, expect, test } from '@jest/globals';
import { createRandom } from '../../../local/core/random.ts';
import { pickRevision, routesFor } from '../../../local/run/traffic.ts';
import { byRevision, latest } from './run-cloud.ts';

describe('routes', () => {
  test.each([
    {
      name: 'a split with a tag at 0 %',
      targets: [
        { type: byRevision, revision: 'a', percent: 90 },
        { type: byRevision, revision: 'b', percent: 10 },
        { type: byRevision, revision: 'c', tag: 't' },
      ],
      expected: {
        shares: [
          { revision: 'a', percent: 90 },
          { revision: 'b', percent: 10 },
        ],
        tags: { t: 'c' },
      },
    },
    {
      name: 'the latest beside itself by name',
      targets: [
        { type: latest, percent: 40, tag: 'newest' },
        { type: byRevision, revision: 'z', percent: 60 },
      ],
      expected: { shares: [{ revision: 'z', percent: 100 }], tags: { newest: 'z' } },
    },
  ])('$name', ({ targets, expected }) => {
    expect(routesFor(targets, 'z')).toEqual(expected);
  });
});

describe('the revision of a request', () => {
  const routes = {
    shares: [
      { revision: 'a', percent: 99 },
      { revision: 'b', percent: 1 },
    ],
  };

  test.each([
    [0, 'a'],
    [0.989, 'a'],
    [0.99, 'b'],
    [0.9999999, 'b'],
  ])('at %d', (random, expected) => {
    expect(pickRevision(routes, random)).toBe(expected);
  });

  test('is none while nothing is routed', () => {
    expect(pickRevision({ shares: [] }, 0.5)).toBeUndefined();
  });

  test.each([1, 5, 50])('follows %d %% in the long run', (percent) => {
    const random = createRandom(42, `split-${percent}`);
    const split = {
      shares: [
        { revision: 'a', percent: 100 - percent },
        { revision: 'b', percent },
      ],
    };
    const draws = 20_000;
    const hits = Array.from({ length: draws }, () => pickRevision(split, random())).filter(
      (each) => each === 'b',
    );
    const p = percent / 100;
    expect(Math.abs(hits.length / draws - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
  });
});
