import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { hueCount, hueOf, initialsOf } from '../../src/client/author-look.ts';

describe('initialsOf', () => {
  const cases: readonly [string, string][] = [
    ['Ada', 'A'],
    ['ada lovelace', 'AL'],
    ['Ada  King  Lovelace', 'AL'],
    ['émile', 'É'],
    ['👩‍🚀 Sally', '👩‍🚀S'],
    ['', '?'],
  ];
  for (const [author, expected] of cases)
    test(`${author}: ${expected}`, () => assert.equal(initialsOf(author), expected));
});

describe('hueOf', () => {
  test('is the same for a name in any case', () => assert.equal(hueOf('Ada'), hueOf('ada')));

  test('uses every colour, and none that the style sheet lacks', () => {
    const used = new Set(Array.from({ length: 500 }, (_, index) => hueOf(`Author ${index}`)));
    assert.equal(used.size, hueCount);
    const styles = readFileSync(new URL('../../src/client/styles.css', import.meta.url), 'utf8');
    for (const hue of used) assert.match(styles, new RegExp(`^\\.hue-${hue} \\{$`, 'm'));
  });
});
