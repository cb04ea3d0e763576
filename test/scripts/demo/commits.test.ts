import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { scanSecrets } from '../../../scripts/builder/security/scan-secrets.ts';
import { UserError } from '../../../scripts/cli/user-error.ts';
import { edited } from '../../../scripts/demo/clone.ts';
import {
  chooseCommits,
  demoCommits,
  expectedSeconds,
  madeUpKey,
  type DemoCommit,
} from '../../../scripts/demo/commits.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const sourceOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const named = (name: string): DemoCommit => {
  const found = demoCommits.find((commit) => commit.name === name);
  if (!found) throw new Error(`the demo has no ${name}`);
  return found;
};

describe('each commit finds its place in the sources of today', () => {
  test.each(demoCommits.map((commit) => [commit.name, commit] as const))('%s', (_name, { edits }) => {
    for (const edit of edits) {
      const text = edited(sourceOf(edit.file), edit);
      expect([edit.file, edit.find, text === undefined]).toEqual([edit.file, edit.find, false]);
      expect(text).not.toBe(sourceOf(edit.file));
    }
  });
});

test('each changes its own service, and only the last one two', () => {
  const services = demoCommits.map(({ edits }) => [
    ...new Set(edits.map(({ file }) => file.split('/')[1] ?? '')),
  ]);
  expect(services.slice(0, -1)).toEqual(demoCommits.slice(0, -1).map(({ service }) => [service]));
  expect(services.at(-1)).toEqual(['api', 'web']);
});

test('their names are unique', () => {
  expect(new Set(demoCommits.map(({ name }) => name)).size).toBe(demoCommits.length);
});

test('the secrets gate knows the key, and finds none in the demo itself', () => {
  const [edit] = named('secret').edits;
  if (!edit) throw new Error('it changes nothing');
  const text = edited(sourceOf(edit.file), edit) ?? '';
  expect(scanSecrets(text).map(({ rule }) => rule)).toEqual(['google-api-key']);
  expect(text).toContain(madeUpKey());
  expect(scanSecrets(sourceOf('scripts/demo/commits.ts'))).toEqual([]);
});

describe('edited', () => {
  const edit = { file: 'a.ts', find: 'b', replace: '$&c' };
  test.each([
    ['abd', 'a$&cd'],
    ['ad', undefined],
    ['abbd', undefined],
  ])('%s', (source, expected) => {
    expect(edited(source, edit)).toBe(expected);
  });
});

describe('chooseCommits', () => {
  test.each([
    [undefined, demoCommits.map(({ name }) => name)],
    ['slow, secret', ['secret', 'slow']],
    ['mend', ['mend']],
  ])('%s', (only, expected) => {
    expect(chooseCommits(only).map(({ name }) => name)).toEqual(expected);
  });

  test.each([
    ['secrt', 'the demo has no commit "secrt" (did you mean "secret"?); there are types, unit,'],
    ['', '--only names no commit; there are types,'],
  ])('%j is refused with the list', (only, expected) => {
    expect(() => chooseCommits(only)).toThrow(UserError);
    expect(() => chooseCommits(only)).toThrow(expected);
  });
});

test('two branches at a time, then one release after the other', () => {
  const of = (to: DemoCommit['to'], seconds: number): DemoCommit => ({ ...named('types'), to, seconds });
  expect(expectedSeconds([of('branch', 10), of('branch', 20), of('main', 30), of('main', 40)])).toBe(85);
});
