import { expect, test } from '@jest/globals';
import { findCycles } from '../../../scripts/pipeline/cycles.ts';

test.each([
  ['none', { a: ['b'], b: ['c'], c: [] }, []],
  ['a diamond', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, []],
  ['itself', { a: ['a'] }, [['a', 'a']]],
  ['two', { a: ['b'], b: ['a'] }, [['a', 'b', 'a']]],
  [
    'the shortest, and one through the node it leaves out',
    { a: ['b', 'c'], b: ['c'], c: ['a'] },
    [
      ['a', 'c', 'a'],
      ['b', 'c', 'a', 'b'],
    ],
  ],
  [
    'two apart',
    { a: ['b'], b: ['a'], c: ['d'], d: ['c', 'a'] },
    [
      ['a', 'b', 'a'],
      ['c', 'd', 'c'],
    ],
  ],
  ['one that is led to', { a: ['b'], b: ['c'], c: ['b'] }, [['b', 'c', 'b']]],
  ['unknown names', { a: ['x'] }, []],
])('%s', (_, edges, expected) => {
  expect(findCycles(new Map(Object.entries(edges)))).toEqual(expected);
});
