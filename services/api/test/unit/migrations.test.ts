import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { loadMigrations, pendingMigrations } from '../../src/migrations.ts';

async function folderWith(t: TestContext, names: readonly string[]): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'board-migrations-'));
  t.after(() => rm(folder, { recursive: true }));
  await Promise.all(names.map((name) => writeFile(join(folder, name), `-- ${name}`)));
  return pathToFileURL(`${folder}/`);
}

describe('loadMigrations', () => {
  test('reads the SQL files in their order and nothing else', async (t) => {
    const folder = await folderWith(t, ['0002_second.sql', '0001_first.sql', 'README.md']);
    assert.deepEqual(await loadMigrations(folder), [
      { version: 1, name: '0001_first.sql', sql: '-- 0001_first.sql' },
      { version: 2, name: '0002_second.sql', sql: '-- 0002_second.sql' },
    ]);
  });

  const refused: readonly [string, readonly string[], RegExp][] = [
    ['a gap', ['0001_a.sql', '0003_c.sql'], /migration 0003_c\.sql: expected the name 0002_/],
    ['a number twice', ['0001_a.sql', '0001_b.sql'], /migration 0001_b\.sql: expected the name 0002_/],
    ['no number', ['first.sql'], /migration first\.sql: expected the name 0001_/],
  ];
  for (const [name, files, message] of refused) {
    test(`refuses ${name}`, async (t) => {
      await assert.rejects(loadMigrations(await folderWith(t, files)), message);
    });
  }

  test("the service's own migrations are well formed", async () => {
    const own = await loadMigrations(new URL('../../migrations/', import.meta.url));
    assert.equal(own[0]?.name, '0001_messages.sql');
  });
});

describe('pendingMigrations', () => {
  const known = [1, 2, 3].map((version) => ({ version, name: `${version}`, sql: '' }));
  const cases: readonly [string, readonly number[], readonly number[]][] = [
    ['a new database', [], [1, 2, 3]],
    ['one behind', [1, 2], [3]],
    ['up to date', [1, 2, 3], []],
    ['ahead of this code', [1, 2, 3, 4, 5], []],
    ['a hole, from two branches', [1, 3], [2]],
  ];
  for (const [name, applied, expected] of cases) {
    test(`${name}`, () => {
      assert.deepEqual(
        pendingMigrations(known, new Set(applied)).map(({ version }) => version),
        expected,
      );
    });
  }
});
