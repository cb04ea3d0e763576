import { describe, expect, test } from '@jest/globals';
import { substitute } from '../../../local/images/substitute.ts';

const values: Record<string, string> = { X: 'x', EMPTY: '' };
const put = (word: string, escape?: string) => substitute(word, (name) => values[name], escape);

describe('substitute', () => {
  test.each([
    ['$X', 'x'],
    ['${X}y', 'xy'],
    ['$Xy', ''],
    ['$UNSET-', '-'],
    ['${UNSET:-d}', 'd'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${X:+a}', 'a'],
    ['${EMPTY:+a}', ''],
    ['${EMPTY+a}', 'a'],
    ['${UNSET:-${X}/${EMPTY:-e}}', 'x/e'],
    ['\\$X', '$X'],
    ["'$X'", '$X'],
    ['"$X y"', 'x y'],
    ['"a\\"b\\n"', 'a"b\\n'],
    ['a\\ b', 'a b'],
    ['$', '$'],
    ['a$/b', 'a$/b'],
  ])('%s', (word, expected) => {
    expect(put(word)).toBe(expected);
  });

  test('with another escape character', () => {
    expect(put('`$X c:\\d', '`')).toBe('$X c:\\d');
  });

  test.each([
    ['${X%y}', 'is not supported'],
    ['${X', 'lacks its closing }'],
    ['${}', 'is no substitution'],
    ['"x', 'lacks its closing "'],
    ['${UNSET:?give it}', 'UNSET is not set: give it'],
  ])('%s is an error', (word, message) => {
    expect(() => put(word)).toThrow(message);
  });
});
