import { expect, test } from '@jest/globals';
import { shortened, textWidth, wrapped, xml } from '../../../../functions/release/picture/text.ts';

test.each([
  'short',
  'a sentence that is rather long for the room it has',
  'WWWWWWWWWWWWWWWW',
  '発売中止発売中止',
  '👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧',
])('what is shortened fits: %s', (text) => {
  for (const room of [0, 10, 40, 90, 1000]) {
    const result = shortened(text, 14, room);
    expect(textWidth(result, 14)).toBeLessThanOrEqual(room);
    expect(text.startsWith(result.replace(/…$/, ''))).toBe(true);
    expect(result.isWellFormed()).toBe(true);
  }
});

test('what is wrapped keeps all words, or says that some are missing', () => {
  const text = 'Worse than stable: 41 of 380 answers were errors (11 %), and so on';
  expect(wrapped(text, 16, 2000, 3)).toEqual([text.replaceAll(/(\d) %/g, '$1\u00a0%')]);
  const lines = wrapped(text, 16, 240, 9);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.join(' ').replaceAll('\u00a0', ' ')).toBe(text);
  expect(wrapped(text, 16, 240, 2).at(-1)).toMatch(/…$/);
});

test('a number is not parted from its percent sign', () => {
  for (let room = 30; room < 400; room += 7)
    for (const line of wrapped('it was at 25 % and at 50 % of the traffic', 16, room, 20))
      expect(line).not.toMatch(/^%/);
});

test.each([
  ['<a href="x">&\'', '&lt;a href=&quot;x&quot;&gt;&amp;&#39;'],
  ['a\u0000b\u001bc\nd', 'a b c d'],
  ['\ud800x', '\ufffdx'],
])('%j in XML', (text, expected) => {
  expect(xml(text)).toBe(expected);
});
