import { expect, test } from '@jest/globals';
import { without } from '../../../functions/release/without.ts';

test('leaves the keys out, and the original as it is', () => {
  const original = { a: 1, b: 2, c: undefined };
  const copy = without(original, 'b', 'c');
  expect(Object.keys(copy)).toEqual(['a']);
  expect(Object.keys(original)).toEqual(['a', 'b', 'c']);
});
