import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { saveImage } from '../../../local/images/save-image.ts';
import { writeTar } from '../../../local/images/write-tar.ts';
import { buildFixture, type BuildFixture } from './build-fixture.ts';

let fixture: BuildFixture;
beforeEach(() => {
  fixture = buildFixture();
});
afterEach(() => {
  fixture.remove();
});

const tar = (...args: string[]): string => execFileSync('tar', args, { encoding: 'utf8' });
const list = (file: string): string[] => tar('-tf', file).trim().split('\n');

interface Saved {
  readonly layers: string[][];
  readonly config: Record<string, unknown>;
  readonly tags: string[];
}

/** Unpacked by the machine's own tar. */
async function saved(...args: string[]): Promise<Saved> {
  const { image } = await fixture.build(...args);
  const file = path.join(fixture.folder, 'image.tar');
  await saveImage(fixture.disk, image, ['a:1'], file);
  tar('-xf', file, '-C', fixture.folder);
  const [manifest] = JSON.parse(readFileSync(path.join(fixture.folder, 'manifest.json'), 'utf8')) as {
    Config: string;
    RepoTags: string[];
    Layers: string[];
  }[];
  const { Config = '', RepoTags = [], Layers = [] } = manifest ?? {};
  return {
    tags: RepoTags,
    config: JSON.parse(readFileSync(path.join(fixture.folder, Config), 'utf8')) as Record<string, unknown>,
    layers: Layers.map((layer) => list(path.join(fixture.folder, layer))),
  };
}

test('the files of an image are its one layer', async () => {
  fixture.files({ 'server.js': 'x', 'lib/a.js': 'y', Dockerfile: 'FROM scratch\nCOPY . /app/\n' });
  const { layers, config, tags } = await saved('--tag=a:1');
  expect(layers).toEqual([['app/', 'app/Dockerfile', 'app/lib/', 'app/lib/a.js', 'app/server.js']]);
  expect(config).toMatchObject({ os: 'linux', 'dev.slipway.tools': [] });
  expect(tags).toEqual(['a:1']);
});

test('of an image on top of another, what is its own is a layer of its own', async () => {
  fixture.files({ 'base.js': 'x', Dockerfile: 'FROM scratch\nCOPY base.js /app/\n' });
  await fixture.build('--tag=base:1');
  fixture.files({ 'own.js': 'y', Dockerfile: 'FROM base:1 AS one\nFROM one\nCOPY own.js /app/\n' });
  const { layers } = await saved('--tag=a:1');
  expect(layers).toEqual([['app/', 'app/base.js'], ['app/own.js']]);
});

test('long names, names beyond ASCII, links and modes survive', async () => {
  const name = (length: number): string => `${'n'.repeat(length)}/${'é'.repeat(20)}.txt`;
  const file = path.join(fixture.folder, 'source');
  writeFileSync(file, 'z'.repeat(1500));
  const target = path.join(fixture.folder, 'a.tar');
  await writeTar(target, [
    { path: 'n'.repeat(120), mode: 0o755, type: 'folder' },
    { path: name(120), mode: 0o640, type: 'file', file, size: 1500 },
    { path: 'short', mode: 0o777, type: 'link', target: 't'.repeat(130) },
    { path: 'empty', mode: 0o600, type: 'bytes', bytes: Buffer.alloc(0) },
  ]);
  const lines = tar('-tvf', target, '--quoting-style=literal').trim().split('\n');
  expect(lines.map((line) => line.split(/\s+/).filter((_, at) => ![1, 3, 4].includes(at)))).toEqual(
    [
      ['drwxr-xr-x', '0', `${'n'.repeat(120)}/`],
      ['-rw-r-----', '1500', name(120)],
      ['lrwxrwxrwx', '0', 'short', '->', 't'.repeat(130)],
      ['-rw-------', '0', 'empty'],
    ].map((cells) => [cells[0], cells[1], ...cells.slice(2)]),
  );
});

test('a file that changes meanwhile is an error', async () => {
  const file = path.join(fixture.folder, 'source');
  writeFileSync(file, 'abc');
  await expect(
    writeTar(path.join(fixture.folder, 'a.tar'), [{ path: 'a', mode: 0o644, type: 'file', file, size: 5 }]),
  ).rejects.toThrow('has 3 bytes and not 5');
});
