import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ageText, dayText } from '../../src/client/time-text.ts';

// In the time zone of whoever runs this, as on the page.
const now = new Date(2026, 5, 15, 14, 30, 0);

describe('ageText', () => {
  const cases: readonly [string, Date, string][] = [
    ['a clock that is ahead', new Date(2026, 5, 15, 14, 31), 'just now'],
    ['59 seconds', new Date(2026, 5, 15, 14, 29, 1), 'just now'],
    ['one minute', new Date(2026, 5, 15, 14, 29, 0), '1 min ago'],
    ['59 minutes', new Date(2026, 5, 15, 13, 30, 1), '59 min ago'],
    ['an hour', new Date(2026, 5, 15, 13, 30, 0), '13:30'],
    ['a day', new Date(2026, 5, 14, 9, 5), '09:05'],
  ];
  for (const [name, created, expected] of cases) {
    test(`${name}: ${expected}`, () => assert.equal(ageText(created, now, 'en-GB'), expected));
  }
});

describe('dayText', () => {
  const cases: readonly [string, Date, string][] = [
    ['just now', now, 'Today'],
    ['midnight', new Date(2026, 5, 15), 'Today'],
    ['before midnight', new Date(2026, 5, 14, 23, 59, 59), 'Yesterday'],
    ['the start of yesterday', new Date(2026, 5, 14), 'Yesterday'],
    ['the day before', new Date(2026, 5, 13, 23, 59), 'Saturday 13 June'],
    ['last year', new Date(2025, 11, 31), 'Wednesday 31 December 2025'],
  ];
  for (const [name, created, expected] of cases) {
    test(`${name}: ${expected}`, () =>
      assert.equal(dayText(created, now, 'en-GB').replace(',', ''), expected));
  }
});
