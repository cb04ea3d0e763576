import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { writeTar } from '../../../../local/images/write-tar.ts';
import { readGateNotes } from '../../../../scripts/builder/gate-notes.ts';
import { readImageSizeLimits } from '../../../../scripts/builder/image/image-size-limits.ts';
import { parseJunit } from '../../../../scripts/builder/junit.ts';
import { runBuilder } from '../../../../scripts/builder/run-builder.ts';
import { surroundings } from '../builder-surroundings.ts';

const name = 'europe-west1-docker.pkg.dev/p/slipway/api';
const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const descriptor = (kind: string, size: number): object => ({
  mediaType: `application/vnd.${kind}`,
  digest: sha(`${kind}${size}`),
  size,
});
const manifestOf = (layers: readonly object[]): string =>
  JSON.stringify({ config: descriptor('oci.image.config.v1+json', 1000), layers });

const plain = manifestOf([
  descriptor('oci.image.layer.v1.tar+gzip', 40_000_000),
  descriptor('docker.image.rootfs.diff.tar.gzip', 2_500_000),
]);
const folders = manifestOf([descriptor('dev.folder', 10)]);
const index = JSON.stringify({
  manifests: [
    { digest: sha('other'), platform: { os: 'linux', architecture: 'arm64' } },
    { digest: sha(plain), platform: { os: 'linux', architecture: 'amd64' } },
  ],
});
/** By the digest that is asked for; the last answers with something else. */
const registry = new Map([
  ...[plain, folders, index].map((text) => [sha(text), text] as const),
  [sha('x'), 'y'],
]);

let server: Server;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-size-'));
  server = createServer(({ url = '' }, response) => {
    const [, digest = ''] = /^\/v2\/p\/slipway\/api\/manifests\/(.+)$/.exec(url) ?? [];
    const found = registry.get(digest);
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await rm(path.join(folder, '.slipway'), { recursive: true, force: true });
  await mkdir(path.join(folder, '.slipway/gates'), { recursive: true });
  await writeFile(path.join(folder, '.slipway/image.json'), inspected({}));
  await budget(200, 50);
});

const budget = (whole: number, compressed: number): Promise<void> =>
  writeFile(
    path.join(folder, 'images.yaml'),
    `services:\n  web: { maxMegabytes: 1, maxCompressedMegabytes: 1 }\n  api: { maxMegabytes: ${whole}, maxCompressedMegabytes: ${compressed} }\n`,
  );
const inspected = (changes: object): string =>
  JSON.stringify([{ Id: 'sha256:1', RepoTags: ['api:1'], Size: 180_250_000, ...changes }]);

async function size(...source: string[]): Promise<{ exitCode: number; text: string; gate: string }> {
  const around = surroundings(folder, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const exitCode = await runBuilder(
    ['image-size', '--folder=api', '--service=api', '--budget=images.yaml', ...source],
    around,
  );
  const gate = await readFile(path.join(folder, '.slipway/gates/image-size'), 'utf8').catch(() => 'none');
  return { exitCode, text: around.printed.join('\n'), gate };
}
const ofDocker = '--inspected=.slipway/image.json';
const inRegistry = (text: string): string => `--image=${name}@${sha(text)}`;
const reported = async (): Promise<string | undefined> => {
  const [only] = parseJunit(await readFile(path.join(folder, 'api/reports/image-size.junit.xml'), 'utf8'));
  return only?.outcome;
};

describe('image-size', () => {
  test('of what docker says, within the budget', async () => {
    const { exitCode, text, gate } = await size(ofDocker);
    expect(text).toBe('api:1\n  image, unpacked  180.3 MB\n  budget           200.0 MB\nimage-size passed');
    expect(exitCode).toBe(0);
    expect(gate).toBe('0 0.0\n');
    expect(await reported()).toBe('passed');
  });

  test('over the budget: by how much, and where the budget stands', async () => {
    await budget(150, 50);
    const { exitCode, text, gate } = await size(ofDocker);
    expect(text).toContain(
      'images.yaml:3 image-size: api has 180.3 MB unpacked, 30.3 MB more than its 150.0 MB',
    );
    expect(text).toContain(
      'image-size --folder api --service api --budget images.yaml --inspected image.json',
    );
    expect(exitCode).toBe(1);
    expect(gate).toBe('1 0.0\n');
    expect(await reported()).toBe('failed');
  });

  test('an image that was not counted whole cannot pass', async () => {
    await writeFile(path.join(folder, '.slipway/image.json'), inspected({ 'dev.slipway.tools': ['node24'] }));
    const { exitCode, text, gate } = await size(ofDocker);
    expect(text).toContain(
      'image-size skipped: the whole image: 180.3 MB were counted of 200.0 MB, without its base image',
    );
    expect(exitCode).toBe(0);
    expect(gate).toMatch(/^skipped 0\.0 the whole image: 180\.3 MB/);
    expect(await reported()).toBe('skipped');
  });

  test('an image that was not counted whole can fail', async () => {
    await budget(100, 50);
    await writeFile(path.join(folder, '.slipway/image.json'), inspected({ 'dev.slipway.tools': ['node24'] }));
    expect((await size(ofDocker)).exitCode).toBe(1);
  });

  test.each([
    ['one platform', plain],
    ['several platforms', index],
  ])('of a pushed image for %s, layer by layer', async (_what, manifest) => {
    const { exitCode, text } = await size(inRegistry(manifest));
    expect(text.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ {2}image, compressed .* 42\.5 MB$/),
      expect.stringMatching(/^ {4}layer 1 sha256:.* 40\.0 MB$/),
      expect.stringMatching(/^ {4}layer 2 sha256:.* 2\.5 MB$/),
      expect.stringMatching(/^ {2}budget .* 50\.0 MB$/),
      'image-size passed',
    ]);
    expect(exitCode).toBe(0);
  });

  test('of a pushed image, from a file; the largest layer is named', async () => {
    await budget(200, 30);
    await writeFile(path.join(folder, '.slipway/image'), `${name}@${sha(plain)}\n`);
    const { exitCode, text } = await size('--image-file=.slipway/image');
    expect(text).toMatch(
      /12\.5 MB more than its 30\.0 MB; its largest part is layer 1 sha256:\w+ with 40\.0 MB/,
    );
    expect(exitCode).toBe(1);
  });

  test('a registry without archives: skipped', async () => {
    const { exitCode, text } = await size(inRegistry(folders));
    expect(text).toBe(
      'image-size skipped: the whole image: the registry holds no archive of layer 1 (application/vnd.dev.folder)',
    );
    expect(exitCode).toBe(0);
  });

  test('without an image the gate image says why', async () => {
    await rm(path.join(folder, '.slipway/image.json'));
    await writeFile(path.join(folder, '.slipway/gates/image'), '1 2\n');
    expect((await size(ofDocker)).text).toBe(
      'image-size skipped: the whole image: there is no image: the gate image has failed',
    );
  });

  test.each([
    [
      'no image, though its gate passed',
      ofDocker,
      '--inspected .slipway/image.json cannot be read: docker image inspect IMAGE writes it: ENOENT',
    ],
    ['a manifest that is not there', inRegistry('nowhere'), 'reading the manifest of'],
    ['a manifest that is another one', inRegistry('x'), 'the registry answered with sha256:'],
    ['a tag', `--image=${name}:latest`, 'is no image of Artifact Registry by digest'],
  ])('%s: it fails, and leaves no outcome', async (_what, source, expected) => {
    await rm(path.join(folder, '.slipway/image.json'));
    const { exitCode, text, gate } = await size(source);
    expect(text).toContain(expected);
    expect(exitCode).toBe(1);
    expect(gate).toBe('none');
  });

  test.each([
    ['garbage', 'holds no JSON'],
    ['[]', 'lacks Id or Size'],
    ['[{"Id":"a","Size":1},{"Id":"b","Size":1}]', 'lacks Id or Size'],
  ])('docker said %s', async (said, expected) => {
    await writeFile(path.join(folder, '.slipway/image.json'), said);
    expect((await size(ofDocker)).text).toContain(expected);
  });

  test.each([[[]], [[ofDocker, inRegistry(plain)]]])('one source is needed: %j', async (source) => {
    const { exitCode, text } = await size(...source);
    expect(text).toContain('give one of --inspected, --image-file and --image');
    expect(exitCode).toBe(2);
  });
});

describe('what the Dockerfile adds', () => {
  const saved = '--saved=.slipway/image.tar';
  /** As the local docker saves an image: all that the Dockerfile adds is the last layer. */
  async function save(files: Readonly<Record<string, number>>): Promise<void> {
    const bytesOf = (text: string) => ({ mode: 0o644, type: 'bytes' as const, bytes: Buffer.from(text) });
    await writeTar(
      path.join(folder, 'layer'),
      Object.entries(files).map(([file, size]) => ({ path: file, ...bytesOf('x'.repeat(size)) })),
    );
    await writeTar(path.join(folder, '.slipway/image.tar'), [
      { path: 'c', ...bytesOf('{"dev.slipway.tools":["node24"]}') },
      { path: 'l', mode: 0o644, type: 'bytes', bytes: await readFile(path.join(folder, 'layer')) },
      { path: 'manifest.json', ...bytesOf('[{"Config":"c","Layers":["l"]}]') },
    ]);
  }
  beforeEach(async () => {
    await mkdir(path.join(folder, 'api'), { recursive: true });
    await writeFile(path.join(folder, 'api/Dockerfile'), 'FROM scratch\nCOPY a /app/\n');
    await writeFile(
      path.join(folder, 'images.yaml'),
      'services:\n  api: { maxMegabytes: 200, maxCompressedMegabytes: 50, maxAddedMegabytes: 1 }\n',
    );
  });

  test('within its budget, and so is the image', async () => {
    await save({ 'app/server.js': 700_000, 'app/package.json': 30 });
    const { exitCode, text } = await size(ofDocker, saved);
    expect(text.split('\n').slice(3)).toEqual([
      'what the Dockerfile adds to its base image',
      '  2 files              0.7 MB',
      '    /app/              0.7 MB',
      '    /app/server.js     0.7 MB',
      '    /app/package.json  0.0 MB',
      '  budget               1.0 MB',
      'image-size passed',
    ]);
    expect(exitCode).toBe(0);
  });

  test('within its budget, where the whole image cannot be counted', async () => {
    await save({ 'app/server.js': 700_000 });
    await writeFile(path.join(folder, '.slipway/image.json'), inspected({ 'dev.slipway.tools': ['node24'] }));
    const { exitCode, text, gate } = await size(ofDocker, saved);
    expect(text).toMatch(
      /image-size skipped: the whole image: 180\.3 MB were .*; what the Dockerfile adds is within its budget$/,
    );
    expect(exitCode).toBe(0);
    expect(gate).toMatch(/^skipped /);
    const cases = parseJunit(await readFile(path.join(folder, 'api/reports/image-size.junit.xml'), 'utf8'));
    expect(cases.map(({ outcome }) => outcome)).toEqual(['skipped', 'passed']);
  });

  test('over its budget: by how much, and which files', async () => {
    await save({ 'app/data/big.bin': 2_500_000, 'app/server.js': 700_000 });
    await writeFile(path.join(folder, '.slipway/image.json'), inspected({ 'dev.slipway.tools': ['node24'] }));
    const { exitCode, text, gate } = await size(ofDocker, saved);
    expect(text).toContain(
      'images.yaml:2 image-size: api adds 3.2 MB to its base image, 2.2 MB more than its 1.0 MB (/app/data/big.bin 2.5 MB, /app/server.js 0.7 MB)',
    );
    expect(text).toMatch(/\/app\/data\/ +2\.5 MB/);
    expect(text).toContain('--inspected image.json --saved image.tar');
    expect(exitCode).toBe(1);
    expect(gate).toBe('1 0.0\n');
    expect(await readGateNotes(folder, 'image-size')).toMatchObject({
      places: [{ file: 'images.yaml', line: 2, message: expect.stringContaining('api adds 3.2 MB') }],
    });
  });

  test.each([
    [
      'an archive that is none',
      async () => writeFile(path.join(folder, '.slipway/image.tar'), 'x'.repeat(600)),
      'docker save --output FILE IMAGE writes it: it is no tar archive',
    ],
    [
      'no archive',
      async () => rm(path.join(folder, '.slipway/image.tar'), { force: true }),
      'docker save --output FILE IMAGE writes it: ENOENT',
    ],
    [
      'a service without that budget',
      async () => {
        await save({});
        await budget(200, 50);
      },
      'images.yaml:3: api has no maxAddedMegabytes',
    ],
  ])('%s: it fails, and leaves no outcome', async (_what, prepare, expected) => {
    await prepare();
    const { exitCode, text, gate } = await size(ofDocker, saved);
    expect(text).toContain(expected);
    expect(exitCode).toBe(1);
    expect(gate).toBe('none');
  });

  test('of a pushed image it is not known', async () => {
    const { exitCode, text } = await size(inRegistry(plain), saved);
    expect(text).toContain('--saved goes with --inspected');
    expect(exitCode).toBe(2);
  });
});

describe('a budget file', () => {
  test.each([
    [
      'services:\n  web: { maxMegabytes: 1, maxCompressedMegabytes: 1 }\n',
      'b.yaml:2: there is no budget for api',
    ],
    [
      'services:\n  api:\n    maxMegabytes: -1\n    maxCompressedMegabytes: 1\n',
      'b.yaml:3: services.api.maxMegabytes',
    ],
    ['services:\n  api: { maxMegabytes: 1 }\n', 'b.yaml:2: services.api.maxCompressedMegabytes'],
    ['services: [\n', 'b.yaml:'],
    ['', 'b.yaml:1: '],
    ['services: { constructor: x }\n', 'b.yaml:1: services.constructor'],
  ])('%j', (text, expected) => {
    expect(() => readImageSizeLimits(text, 'b.yaml', 'api')).toThrow(expected);
  });
});
