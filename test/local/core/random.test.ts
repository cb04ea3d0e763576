import { expect, test } from '@jest/globals';
import { createRandom } from '../../../local/core/random.ts';

const draw = (seed: number, stream?: string, count = 5_000): number[] => {
  const random = createRandom(seed, stream);
  return Array.from({ length: count }, random);
};

test('the same seed and stream repeat, others differ', () => {
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  const firsts = [draw(1, 'a'), draw(1, 'b'), draw(2, 'a'), draw(1)].map(([first]) => first);
  expect(new Set(firsts).size).toBe(4);
});

test('numbers are in [0, 1) and evenly spread', () => {
  const numbers = draw(7, 'x');
  expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true);
  const tenths = Array.from(
    { length: 10 },
    (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length,
  );
  for (const count of tenths) expect(Math.abs(count - 500)).toBeLessThan(100);
});
