import { describe, expect, test } from '@jest/globals';
import { parseDockerignore } from '../../../local/images/dockerignore.ts';

describe('parseDockerignore', () => {
  test.each([
    ['a name', 'node_modules', { node_modules: true, 'node_modules/a/b': true, 'x/node_modules': false }],
    ['a name anywhere', '**/node_modules', { node_modules: true, 'x/node_modules/a': true, x: false }],
    ['a star', '*.md', { 'README.md': true, 'docs/a.md': false }],
    ['stars over folders', 'docs/**/*.md', { 'docs/a.md': true, 'docs/x/y/a.md': true, 'a.md': false }],
    [
      'everything but',
      '*\n!src\n!package.json',
      { 'src/a.ts': false, src: false, 'package.json': false, '.git/x': true },
    ],
    ['the last rule decides', '*\n!src\nsrc/*.test.ts', { 'src/a.ts': false, 'src/a.test.ts': true }],
    ['comments, blanks and slashes', '# no\n\n  /dist/  \n', { 'dist/a': true, '# no': false }],
    ['a question mark and a class', '?.[jt]s', { 'a.js': true, 'ab.js': false, 'a.cs': false }],
    ['an escaped star', '\\*', { '*': true, a: false }],
  ])('%s', (_name, source, files) => {
    const rules = parseDockerignore(source);
    for (const [file, expected] of Object.entries(files))
      expect([file, rules.ignores(file)]).toEqual([file, expected]);
  });

  test('an ignored folder is looked into only when something below it may be kept', () => {
    const rules = parseDockerignore('*\n!src/keep\n!**/*.txt');
    expect(rules.prunes('node_modules')).toBe(false);
    const strict = parseDockerignore('*\n!src/keep');
    expect([strict.prunes('node_modules'), strict.prunes('src'), strict.prunes('src/other')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
