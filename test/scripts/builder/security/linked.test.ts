import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runBuilder } from '../../../../scripts/builder/run-builder.ts';
import { surroundings } from '../builder-surroundings.ts';
import { drawn } from './made-up-secrets.ts';
import { integrity, testFolder, type TestFolder } from './test-folder.ts';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
  const own = { name: 'shop', version: '1.0.0', dependencies: { shared: 'file:../shared' } };
  folder.write('services/shop/package.json', own);
  folder.write('services/shop/package-lock.json', {
    name: 'shop',
    lockfileVersion: 3,
    packages: {
      '': own,
      '../shared': { name: 'shared', version: '1.0.0' },
      'node_modules/shared': { resolved: '../shared', link: true },
    },
  });
  folder.write('security.yaml', 'licences: { scope: all, allow: [MIT] }\n');
  shared({ license: 'MIT', integrity });
});
afterEach(() => {
  folder.remove();
});

/** The package beside it, with one dependency. */
function shared(dependency: Readonly<Record<string, string>>): void {
  const own = { name: 'shared', version: '1.0.0', dependencies: { deep: '1.0.0' } };
  folder.write('services/shared/package.json', own);
  folder.write('services/shared/package-lock.json', {
    name: 'shared',
    lockfileVersion: 3,
    packages: { '': own, 'node_modules/deep': { version: '1.0.0', ...dependency } },
  });
}

async function check(name: string): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder.root, 'http://127.0.0.1:9');
  const exitCode = await runBuilder(
    ['security', '--folder=services/shop', '--policy=security.yaml', name],
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}

test.each(['lockfile', 'licences', 'secrets'])(
  'a linked package that is in order: %s passes',
  async (name) => {
    expect(await check(name)).toMatchObject({ exitCode: 0, text: expect.stringMatching(/ \+ /) });
  },
);

test('what it depends on has to have an allowed licence', async () => {
  shared({ license: 'GPL-3.0-only', integrity });
  const { exitCode, text } = await check('licences');
  expect(exitCode).toBe(1);
  expect(text).toContain('services/shared/package-lock.json:12: deep 1.0.0 has the licence GPL-3.0-only');
});

test('its lock file is judged as well', async () => {
  shared({ license: 'MIT' });
  const { exitCode, text } = await check('lockfile');
  expect(exitCode).toBe(1);
  expect(text).toContain('services/shared/package-lock.json:12: deep 1.0.0 has no checksum');
});

test('so is its source', async () => {
  folder.write('services/shared/token.ts', `export const token = 'ghp_${drawn(36)}';\n`);
  const { exitCode, text } = await check('secrets');
  expect(exitCode).toBe(1);
  expect(text).toContain('services/shared/token.ts:1: ');
});

test('a linked folder without a lock file of its own is from no registry, and nothing says what it needs', async () => {
  folder.write('services/other/package.json', { name: 'other', version: '1.0.0' });
  const own = { name: 'shop', version: '1.0.0', dependencies: { other: 'file:../other' } };
  folder.write('services/shop/package.json', own);
  folder.write('services/shop/package-lock.json', {
    name: 'shop',
    lockfileVersion: 3,
    packages: { '': own, 'node_modules/other': { resolved: '../other', link: true } },
  });
  const { exitCode, text } = await check('lockfile');
  expect(exitCode).toBe(1);
  expect(text).toContain('other comes from ../other, not from a registry');
});
