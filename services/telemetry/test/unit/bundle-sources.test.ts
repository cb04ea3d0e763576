import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { setSourceMapsSupport } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { nameIn, openBundleSources } from '../../src/bundle-sources.ts';

const main = `interface Thing { readonly size: number }
export const late = (): Promise<{ readonly text: string }> => import('./late.ts');
export function use(thing: Thing | undefined): number {
  if (!thing) throw new TypeError('there is no thing'); // ada@example.com
  return thing.size;
}
`;

let folder: string;
before(async () => {
  setSourceMapsSupport(true);
  folder = await realpath(await mkdtemp(join(tmpdir(), 'bundle-sources-')));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src', 'main.ts'), main);
  await writeFile(join(folder, 'src', 'late.ts'), "export const text = 'late';\n");
});
after(async () => {
  setSourceMapsSupport(false);
  await rm(folder, { recursive: true, force: true });
});

interface Bundle {
  readonly late: () => Promise<unknown>;
  readonly use: (thing: undefined) => number;
}

/** Bundles and loads it as a service is; the folder of the bundle. */
async function bundled(name: string, options: BuildOptions = {}): Promise<{ dist: string; bundle: Bundle }> {
  const dist = join(folder, name);
  await build({
    absWorkingDir: folder,
    entryPoints: ['src/main.ts'],
    outdir: dist,
    bundle: true,
    platform: 'node',
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: 'linked',
    logLevel: 'error',
    ...options,
  });
  const type = options.format === 'cjs' ? 'commonjs' : 'module';
  await writeFile(join(dist, 'package.json'), JSON.stringify({ type }));
  const loaded = (await import(pathToFileURL(join(dist, 'main.js')).href)) as Bundle & { default?: Bundle };
  return { dist, bundle: loaded.default ?? loaded };
}

const source = (name: string): string => join(folder, 'src', name);

describe('the sources of a bundle', () => {
  test('of ES modules: by the paths that stacks have, scrubbed', async () => {
    const { dist, bundle } = await bundled('esm');
    let stack = '';
    try {
      bundle.use(undefined);
    } catch (error) {
      stack = String((error as Error).stack);
    }
    assert.ok(stack.includes(`${source('main.ts')}:4:`), stack);
    const sourceOf = await openBundleSources(dist)();
    const found = sourceOf(source('main.ts'));
    assert.equal(found?.name, 'src/main.ts');
    assert.equal(found.lines?.[3], "  if (!thing) throw new TypeError('there is no thing'); // [removed]");
    assert.equal(sourceOf(source('main.ts'))?.lines, found.lines);
    assert.equal(sourceOf(join(dist, 'main.js')), undefined);
  });

  test('of a chunk: from when it is loaded', async () => {
    const { dist, bundle } = await bundled('chunked');
    const sources = openBundleSources(dist);
    assert.equal((await sources())(source('late.ts')), undefined);
    await bundle.late();
    assert.deepEqual((await sources())(source('late.ts')), {
      name: 'src/late.ts',
      lines: ["export const text = 'late';", ''],
    });
  });

  test('of a CommonJS bundle', async () => {
    const { dist } = await bundled('cjs', { format: 'cjs', splitting: false });
    const found = (await openBundleSources(dist)())(source('main.ts'));
    assert.equal(found?.lines?.[4], '  return thing.size;');
  });

  test('a map without contents has names alone', async () => {
    const { dist } = await bundled('bare', { sourcesContent: false });
    assert.deepEqual((await openBundleSources(dist)())(source('main.ts')), { name: 'src/main.ts' });
  });

  test('a source that nobody wrote by hand has no lines', async () => {
    const large = join(folder, 'src', 'large.ts');
    await writeFile(large, `export const text = '${'x'.repeat(200_000)}';\n`);
    await writeFile(join(folder, 'src', 'small.ts'), "export { text } from './large.ts';\n");
    const { dist } = await bundled('large', { entryPoints: { main: 'src/small.ts' } });
    assert.deepEqual((await openBundleSources(dist)())(large), { name: 'src/large.ts' });
  });

  test('without a map, without a bundle, without a folder there are none', async () => {
    const { dist } = await bundled('mapless', { sourcemap: false });
    for (const each of [dist, join(folder, 'src'), join(folder, 'nowhere')])
      assert.equal((await openBundleSources(each)())(source('main.ts')), undefined);
  });
});

describe('nameIn: the same wherever the bundle is', () => {
  const names: readonly [folder: string, path: string, name: string][] = [
    ['/app', '/src/config.ts', 'src/config.ts'],
    ['/app', '/server.ts', 'server.ts'],
    ['/app', '/telemetry/src/log.ts', 'telemetry/src/log.ts'],
    ['/repo/services/api/dist', '/repo/services/api/src/config.ts', 'src/config.ts'],
    ['/repo/services/api/dist', '/repo/services/telemetry/src/log.ts', 'telemetry/src/log.ts'],
    ['/workspace', '/workspace/functions/main.ts', 'functions/main.ts'],
  ];
  for (const [from, path, name] of names)
    test(`${path} in ${from}`, () => assert.equal(nameIn(from, path), name));
});
