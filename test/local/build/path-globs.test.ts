import { describe, expect, test } from '@jest/globals';
import { filesPass, matchesAny } from '../../../local/build/path-globs.ts';

describe('globs', () => {
  test.each<[glob: string, file: string, matches: boolean]>([
    ['README.md', 'README.md', true],
    ['README.md', 'docs/README.md', false],
    ['*.md', 'README.md', true],
    ['*.md', 'docs/a.md', false],
    ['**/*.md', 'README.md', true],
    ['**/*.md', 'docs/deep/a.md', true],
    ['docs/**', 'docs/deep/a.md', true],
    ['docs/**', 'docs2/a.md', false],
    ['docs/*', 'docs/deep/a.md', false],
    ['services/api/**', 'services/api/src/server.ts', true],
    ['services/*/src/**', 'services/api/src/server.ts', true],
    ['services/**/test/*.ts', 'services/test/a.ts', true],
    ['**', 'anything/at/all', true],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['[a-c]*.ts', 'b.ts', true],
    ['[^a-c]*.ts', 'b.ts', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['a.b', 'axb', false],
    ['./src/*', 'src/a', true],
    ['(x)+', '(x)+', true],
  ])('%s on %s: %s', (glob, file, matches) => {
    expect(matchesAny([glob], file)).toBe(matches);
  });
});

describe('file filters of a trigger', () => {
  test.each<[name: string, files: string[], filters: object, passes: boolean]>([
    ['no filters', ['a'], {}, true],
    ['no files: the filters do not apply', [], { includedFiles: ['src/**'] }, true],
    ['included', ['docs/a', 'src/b'], { includedFiles: ['src/**'] }, true],
    ['not included', ['docs/a'], { includedFiles: ['src/**'] }, false],
    ['all ignored', ['docs/a', 'b.md'], { ignoredFiles: ['docs/**', '*.md'] }, false],
    ['one not ignored', ['docs/a', 'src/b'], { ignoredFiles: ['docs/**'] }, true],
    [
      'the included one is ignored',
      ['src/a.md', 'x'],
      { includedFiles: ['src/**'], ignoredFiles: ['**/*.md'] },
      false,
    ],
  ])('%s', (_, files, filters, passes) => {
    expect(filesPass(files, filters)).toBe(passes);
  });
});
