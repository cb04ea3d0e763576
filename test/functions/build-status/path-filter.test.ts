import { describe, expect, test } from '@jest/globals';
import { matchesGlob, startingFile } from '../../../functions/build-status/path-filter.ts';
import { globRegex, filesPass } from '../../../local/build/path-globs.ts';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import { triggersOf } from '../../../scripts/pipeline/triggers.ts';

const table: [string, string, boolean][] = [
  ['services/api/**', 'services/api/src/a.ts', true],
  ['services/api/**', 'services/api', false],
  ['services/api/**', 'services/api2/a.ts', false],
  ['/services/api/*', 'services/api/a.ts', true],
  ['./services/api/*', 'services/api/src/a.ts', false],
  ['**/*.md', 'README.md', true],
  ['**/*.md', 'docs/a/b.md', true],
  ['a**/b', 'ac/d/b', true],
  ['**', 'anything/at/all', true],
  ['pipeline.yaml', 'pipeline.yaml', true],
  ['pipeline.yaml', 'pipelineXyaml', false],
  ['?.ts', 'a.ts', true],
  ['?.ts', '/.ts', false],
  ['[a-c]/x', 'b/x', true],
  ['[^a-c]/x', 'b/x', false],
  [String.raw`\*.ts`, '*.ts', true],
  [String.raw`\*.ts`, 'a.ts', false],
  ['a+(b)|c', 'a+(b)|c', true],
  ['[', '[', true],
];

describe('matchesGlob', () => {
  test.each(table)('%s takes %s: %s', (glob, file, expected) => {
    expect(matchesGlob(glob, file)).toBe(expected);
  });

  test('says what the local Cloud Build says, of thousands of globs and files', () => {
    // A generator of one's own, so that every run sees the same.
    let state = 7;
    const pick = <T>(from: readonly T[]): T => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return from[Math.floor((state / 2_147_483_648) * from.length)] as T;
    };
    const word = (parts: readonly string[]): string =>
      Array.from({ length: pick([1, 2, 3, 4, 5, 6]) }, () => pick(parts)).join('');
    const told = Array.from({ length: 20_000 }, () => {
      const glob = word(['a', 'b', '/', '*', '**', '**/', '?', '.', '[ab]', '[^a]', String.raw`\*`, '+']);
      const file = word(['a', 'b', '/', '.', '*', '+', 'c']);
      const local = globRegex(glob.replace(/^\.?\//, '')).test(file);
      return { glob, file, local, ours: matchesGlob(glob, file) };
    });
    expect(told.filter(({ local, ours }) => local !== ours)).toEqual([]);
    expect(told.filter(({ ours }) => ours).length).toBeGreaterThan(500);
  });
});

describe('startingFile', () => {
  const filter = { includedFiles: ['src/**'], ignoredFiles: ['**/*.md'] };
  test.each<[string[], string | undefined]>([
    [['docs/a', 'src/b'], 'src/b'],
    [['src/a.md'], undefined],
    [['docs/a'], undefined],
    [[], undefined],
  ])('%j: %s', (files, expected) => {
    expect(startingFile(filter, files)).toBe(expected);
    if (files.length > 0) expect(filesPass(files, filter)).toBe(expected !== undefined);
  });

  test('without globs every file starts it', () => {
    expect(startingFile({ includedFiles: [], ignoredFiles: [] }, ['x'])).toBe('x');
  });

  test('the triggers of a pipeline', () => {
    const loaded = loadPipeline(
      'project: shop-project\nregion: europe-west1\nrepository: a/b\nservices:\n  api: { folder: services/api }\n  web: { folder: services/web, dependsOn: ["shared/**"] }\n',
      { file: 'pipeline.yaml', environment: 'local' },
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const started = (file: string): string[] =>
      triggersOf(loaded.pipeline).flatMap(({ name, includedFiles }) =>
        startingFile({ includedFiles, ignoredFiles: [] }, [file]) === undefined ? [] : [name],
      );
    expect(started('services/api/src/a.ts')).toEqual(['api-checks', 'api-release']);
    expect(started('shared/a.ts')).toEqual(['web-checks', 'web-release']);
    expect(started('docs/a.md')).toEqual([]);
  });
});
