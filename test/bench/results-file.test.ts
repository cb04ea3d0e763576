import { describe, expect, test } from '@jest/globals';
import { sectionBody, withSection } from '../../bench/results-file.ts';
import { createRows } from '../../bench/rows.ts';

const file = `# Bench

About it.

## Pipeline

of Monday

| what | figure | |
| --- | --- | --- |
| a | 1 s | |

## Builds

of Tuesday
`;

/** The headings and texts behind the preface. */
const parts = (markdown: string): string => markdown.slice(markdown.indexOf('## '));

describe('withSection', () => {
  test('replaces one part and leaves the others, byte for byte', () => {
    const after = withSection(file, 'Builds', 'of Friday');
    expect(parts(after)).toBe(parts(file).replace('of Tuesday', 'of Friday'));
    expect(parts(withSection(after, 'Builds', 'of Tuesday'))).toBe(parts(file));
  });

  test.each([
    ['an empty file', ''],
    ['a file without parts', '# Bench\n\nof Sunday\n'],
  ])('begins %s', (_what, before) => {
    expect(parts(withSection(before, 'Builds', 'of Friday\n'))).toBe('## Builds\n\nof Friday\n');
  });

  test('keeps an order of its own, whichever ran first, and what others have added behind it', () => {
    const added = withSection('## Other\n\nby hand\n', 'Builds', 'of Friday');
    const both = withSection(added, 'Pipeline', 'of Monday');
    expect(parts(both)).toBe('## Pipeline\n\nof Monday\n\n## Builds\n\nof Friday\n\n## Other\n\nby hand\n');
  });
});

test('a part is a table with what it was measured on', () => {
  const rows = createRows(() => undefined);
  rows.record('  api', '1 s', 'a | b');
  rows.record('web', '2 s');
  expect(sectionBody(rows, '2 × CPU', ['Mind the gap.'])).toBe(
    [
      '2 × CPU. Mind the gap.',
      '',
      '| what | figure | |',
      '| --- | --- | --- |',
      '| api | 1 s | a \\| b |',
      '| web | 2 s |  |',
    ].join('\n'),
  );
});
