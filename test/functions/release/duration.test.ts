import { expect, test } from '@jest/globals';
import { durationInWords, timeInWords } from '../../../functions/release/duration.ts';

const minute = 60_000;
const hour = 60 * minute;

test.each([
  [-5, '0 s'],
  [0, '0 s'],
  [420, '0.4 s'],
  [9_949, '9.9 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_900, '1 min'],
  [minute, '1 min'],
  [90_000, '1 min 30 s'],
  [599_400, '9 min 59 s'],
  [599_600, '10 min'],
  [20 * minute, '20 min'],
  [59.6 * minute, '1 h'],
  [hour + 5 * minute, '1 h 5 min'],
  [23.999 * hour, '1 d'],
  [76 * hour, '3 d 4 h'],
])('%i ms: %s', (milliseconds, words) => {
  expect(durationInWords(milliseconds)).toBe(words);
});

test.each([
  ['2026-01-01T09:05:03.123Z', '2026-01-01 09:05:03 UTC'],
  ['2026-01-01T10:05:03+01:00', '2026-01-01 09:05:03 UTC'],
  ['soon', 'soon'],
])('the time %s: %s', (time, words) => {
  expect(timeInWords(time)).toBe(words);
});
