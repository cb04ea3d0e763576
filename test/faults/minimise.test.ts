import { expect, test } from '@jest/globals';
import { minimise } from './minimise.ts';
import { parseReplay, replayText } from './shortest-replay.ts';

const items = Array.from({ length: 50 }, (_, index) => index);

test.each([
  ['one', [17]],
  ['two far apart', [3, 44]],
  ['three', [0, 25, 49]],
  ['none', []],
])('finds the fewest that are needed: %s', async (_, needed) => {
  let runs = 0;
  const found = await minimise(items, async (some) => {
    runs += 1;
    return needed.every((item) => some.includes(item));
  });
  expect(found).toEqual(needed);
  expect(runs).toBeLessThan(200);
});

test('a replay is read as it was written', () => {
  const only = { actions: new Set([3, 12]), faults: new Set(['1x9k2']) };
  expect(replayText(only)).toBe('a3,a12,f1x9k2');
  expect(parseReplay('a3,a12,f1x9k2')).toEqual(only);
  expect(parseReplay(replayText({ actions: [], faults: [] }))).toEqual({
    actions: new Set(),
    faults: new Set(),
  });
  expect(parseReplay('a3;rm')).toBeUndefined();
});
