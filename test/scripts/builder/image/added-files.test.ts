import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { writeTar } from '../../../../local/images/write-tar.ts';
import { readAddedFiles } from '../../../../scripts/builder/image/added-files.ts';
import { addedLayers } from '../../../../scripts/builder/image/added-layers.ts';
import { readDockerStages } from '../../../../scripts/builder/image/docker-stages.ts';
import { largestParts } from '../../../../scripts/builder/image/largest-parts.ts';
import { tarFiles, type TarFile } from '../../../../scripts/builder/image/tar-entries.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-added-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);

async function all(chunks: AsyncIterable<Uint8Array>): Promise<TarFile[]> {
  const found: TarFile[] = [];
  for await (const file of tarFiles(chunks)) found.push(file);
  return found;
}

describe('tarFiles', () => {
  const long = `${'f'.repeat(90)}/${'g'.repeat(90)}/é.txt`;

  test.each(['gnu', 'pax', 'ustar', 'v7'])('reads what tar writes as %s', async (format) => {
    const name = format === 'gnu' || format === 'pax' ? long : 'f/g.txt';
    await mkdir(path.dirname(at(name)), { recursive: true });
    await writeFile(at(name), 'x'.repeat(700));
    await writeFile(at('empty'), '');
    execFileSync('ln', ['-s', 'empty', at('link')]);
    const names = [`./${name.split('/')[0] ?? ''}`, './empty', './link'];
    execFileSync('tar', [`--format=${format}`, '-cf', at('a.tar'), '-C', folder, ...names]);
    const files = await all(createReadStream(at('a.tar'), { highWaterMark: 333 }) as AsyncIterable<Buffer>);
    expect(files.map(({ path: file, size }) => [file, size])).toEqual([
      [name, 700],
      ['empty', 0],
    ]);
    const bytes = await readFile(at('a.tar'));
    expect(bytes.toString('latin1', files[0]?.offset, (files[0]?.offset ?? 0) + 700)).toBe('x'.repeat(700));
  });

  test.each([
    ['text', Buffer.from('hello '.repeat(200)), 'it is no tar archive: at byte 0'],
    ['half a header', Buffer.alloc(100, 1), 'ends in the middle of a file'],
  ])('%s is none', async (_what, bytes, expected) => {
    await expect(all(Readable.from([bytes]) as AsyncIterable<Buffer>)).rejects.toThrow(expected);
  });

  test('half an archive is an error', async () => {
    await writeTar(at('a.tar'), [{ path: 'a', mode: 0o644, type: 'bytes', bytes: Buffer.alloc(5000) }]);
    const half = (await readFile(at('a.tar'))).subarray(0, 2000);
    await expect(all(Readable.from([half]) as AsyncIterable<Buffer>)).rejects.toThrow('in the middle');
  });

  test('nothing at all holds nothing', async () => {
    expect(await all(Readable.from([]) as AsyncIterable<Buffer>)).toEqual([]);
  });
});

const dockerfile = readDockerStages(
  'FROM node:24 AS build\nRUN make\nFROM debian AS base\nRUN useradd me\nFROM base\nARG REVISION=""\nWORKDIR /app\nCOPY --from=build /dist ./\nCMD ["server.js"]\n',
  'Dockerfile',
);
const line = (createdBy: string, empty = false) => ({
  created_by: createdBy,
  ...(empty ? { empty_layer: true } : {}),
});
const below = [line('ADD rootfs.tar.xz / # buildkit'), line('CMD ["bash"]', true)];
const byBuildKit = [
  line('RUN |1 A=b /bin/sh -c useradd me # buildkit'),
  line('ARG REVISION=', true),
  line('WORKDIR /app'),
  line('COPY /dist ./ # buildkit'),
  line('CMD ["server.js"]', true),
];
const byTheOldBuilder = [
  line('/bin/sh -c useradd me'),
  line('/bin/sh -c #(nop)  ARG REVISION=', true),
  line('/bin/sh -c #(nop) WORKDIR /app', true),
  line('/bin/sh -c #(nop) COPY dir:6f in ./ '),
  line('/bin/sh -c #(nop)  CMD ["server.js"]', true),
];

describe('addedLayers', () => {
  test.each([
    ['by BuildKit', byBuildKit, 4, 3],
    ['by the builder before it', byTheOldBuilder, 3, 2],
  ])('%s: those of the final stage, and of the stages that it stands on', (_what, own, layers, count) => {
    expect(addedLayers(dockerfile, [...below, ...own], layers)).toEqual({ kind: 'known', count });
  });

  test.each([
    [
      'another line in between',
      [...byBuildKit, line('LABEL a=b', true)],
      4,
      'line 4 (RUN) is not in its place',
    ],
    ['fewer lines than instructions', byBuildKit.slice(1), 2, 'line 4 (RUN) is not in its place'],
    ['no history', [], 1, 'line 4 (RUN) is not in its place'],
    ['another number of layers', [...below, ...byBuildKit], 7, 'and its 7 layers do not agree'],
  ])('%s: nothing is assumed', (_what, history, layers, why) => {
    expect(addedLayers(dockerfile, history, layers)).toEqual({
      kind: 'unknown',
      why: expect.stringContaining(why),
    });
  });
});

describe('readAddedFiles', () => {
  /** As `docker save` writes it: every layer an archive in the archive, in its form of packing. */
  async function save(
    config: object,
    layers: readonly (readonly [file: string, bytes: number])[][],
    pack: (tar: Buffer) => Buffer = (tar) => tar,
  ): Promise<string> {
    const blobs = await Promise.all(
      layers.map(async (files, index) => {
        await writeTar(
          at(`layer${index}`),
          files.map(([file, bytes]) => ({
            path: file,
            mode: 0o644,
            type: 'bytes' as const,
            bytes: Buffer.alloc(bytes, 7),
          })),
        );
        return pack(await readFile(at(`layer${index}`)));
      }),
    );
    const named = [...blobs, Buffer.from(JSON.stringify(config))].map((bytes) => ({
      path: `blobs/sha256/${createHash('sha256').update(bytes).digest('hex')}`,
      bytes,
    }));
    const names = named.map((each) => each.path);
    const manifest = [{ Config: names.at(-1), RepoTags: null, Layers: names.slice(0, -1) }];
    await writeTar(
      at('image.tar'),
      [...named, { path: 'manifest.json', bytes: Buffer.from(JSON.stringify(manifest)) }].map((each) => ({
        ...each,
        mode: 0o644,
        type: 'bytes' as const,
      })),
    );
    return at('image.tar');
  }
  const layers = (): (readonly [string, number])[][] => [
    [['bin/base', 9_000_000]],
    [['etc/passwd', 300]],
    [],
    [
      ['app/server.js', 2000],
      ['app/.wh.old', 0],
    ],
  ];

  test.each([
    ['as they are', (tar: Buffer) => tar],
    ['packed by gzip', (tar: Buffer) => gzipSync(tar)],
    ['packed by zstd', (tar: Buffer) => zstdCompressSync(tar)],
  ])('layers %s', async (_how, pack) => {
    const file = await save({ history: [...below, ...byBuildKit] }, layers(), pack);
    expect(await readAddedFiles(file, dockerfile)).toEqual({
      kind: 'counted',
      files: [
        { path: 'etc/passwd', size: 300 },
        { path: 'app/server.js', size: 2000 },
        { path: 'app/.wh.old', size: 0 },
      ],
    });
  });

  test('of an image that the local cloud has built: the last layer', async () => {
    const file = await save({ 'dev.slipway.tools': ['node24'] }, layers());
    expect(await readAddedFiles(file, dockerfile)).toMatchObject({
      files: [{ path: 'app/server.js' }, { path: 'app/.wh.old' }],
    });
  });

  test('of an image whose history is another', async () => {
    const file = await save({ history: byBuildKit.slice(1) }, layers());
    expect(await readAddedFiles(file, dockerfile)).toMatchObject({ kind: 'unknown' });
  });

  test('of another archive', async () => {
    await writeTar(at('a.tar'), [{ path: 'a', mode: 0o644, type: 'bytes', bytes: Buffer.alloc(5) }]);
    await expect(readAddedFiles(at('a.tar'), dockerfile)).rejects.toThrow('there is no manifest.json in it');
  });
});

describe('largestParts', () => {
  const paths = (files: Record<string, number>): string[] =>
    largestParts(Object.entries(files).map(([file, size]) => ({ path: file, size }))).map(
      ({ path: file, bytes }) => `${file} ${bytes}`,
    );

  test.each([
    ['nothing', {}, []],
    ['one file at the top', { a: 5 }, ['/a 5']],
    [
      'a folder that has nearly all of its parent stands for it',
      { 'app/node_modules/x/a.js': 60, 'app/node_modules/y/b.js': 40, 'app/server.js': 2 },
      [
        '/app/node_modules/ 100',
        '/app/node_modules/x/ 60',
        '/app/node_modules/y/ 40',
        '/app/node_modules/x/a.js 60',
        '/app/node_modules/y/b.js 40',
        '/app/server.js 2',
      ],
    ],
    [
      'folders with little of the whole are left out',
      { 'a/b/c': 100, 'd/e': 3 },
      ['/a/b/ 100', '/a/b/c 100', '/d/e 3'],
    ],
  ])('%s', (_what, files, expected) => {
    expect(paths(files)).toEqual(expected);
  });

  test('five files and four folders at most', () => {
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`f${index}/g`, 100 - index] as const),
    );
    expect(paths(files)).toHaveLength(9);
  });
});
