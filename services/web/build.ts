import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { extname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build as bundle } from 'esbuild';
import type { AssetEntry } from './src/server/assets.ts';

const source = import.meta.dirname;
const compressed = new Set(['.html', '.js', '.css', '.svg', '.map']);

/** Writes the whole service, without node_modules, to `outdir`: server.js, and the page under public/. */
export async function build(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await bundle({
    absWorkingDir: source,
    entryPoints: ['server.ts'],
    outdir,
    // What telemetry loads only when it is configured becomes a file of its own.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    sourcemap: 'linked',
    logLevel: 'warning',
  });
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');

  const folder = join(outdir, 'public');
  const { files, names } = await buildPage(folder);
  await writeFile(join(folder, 'index.html'), await renderIndex(names));
  const entries = await Promise.all(['index.html', ...files].map((file) => finishAsset(folder, file)));
  await writeFile(join(outdir, 'assets.json'), `${JSON.stringify(entries, undefined, 2)}\n`);
}

/** Bundles the page. Returns its files, and the paths at which the page finds its entries, by their source's name. */
async function buildPage(folder: string): Promise<{ files: string[]; names: ReadonlyMap<string, string> }> {
  const entries = ['main.tsx', 'styles.css', 'icon.svg'];
  const { metafile } = await bundle({
    absWorkingDir: source,
    entryPoints: entries.map((entry) => `src/client/${entry}`),
    outdir: join(folder, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    sourcemap: 'linked',
    format: 'esm',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    metafile: true,
    logLevel: 'warning',
  });
  const outputs = Object.entries(metafile.outputs).map(([path, { entryPoint, inputs }]) => ({
    file: relative(folder, join(source, path)),
    // What the copy loader puts out has an input, but is not marked as an entry.
    entry: entryPoint ?? (extname(path) === '.map' ? undefined : Object.keys(inputs)[0]),
  }));
  const names = new Map(
    outputs.flatMap(({ file, entry }) =>
      entry ? [[relative('src/client', entry), `/${file}`] as const] : [],
    ),
  );
  return { files: outputs.map(({ file }) => file), names };
}

async function renderIndex(names: ReadonlyMap<string, string>): Promise<string> {
  const template = await readFile(join(source, 'src/client/index.html'), 'utf8');
  return template.replaceAll(/\{\{(.+?)\}\}/g, (_match, entry: string) => {
    const name = names.get(entry);
    if (name === undefined)
      throw new Error(`src/client/index.html asks for ${entry}, which the build does not make`);
    return name;
  });
}

/** Writes the compressed forms of a file beside it, where they are smaller, and describes it for the server. */
async function finishAsset(folder: string, file: string): Promise<AssetEntry> {
  const bytes = await readFile(join(folder, file));
  const encodings: AssetEntry['encodings'][number][] = [];
  if (compressed.has(extname(file))) {
    const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
    const forms = [
      ['br', await promisify(brotliCompress)(bytes, brotli)],
      ['gzip', await promisify(gzip)(bytes, { level: 9 })],
    ] as const;
    for (const [encoding, form] of forms) {
      if (form.length >= bytes.length) continue;
      encodings.push(encoding);
      await writeFile(join(folder, `${file}.${encoding}`), form);
    }
  }
  return {
    path: file === 'index.html' ? '/' : `/${file}`,
    file,
    hash: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    immutable: file.startsWith('assets/'),
    encodings,
  };
}

if (import.meta.main) {
  await mkdir(join(source, 'dist'), { recursive: true });
  await build(join(source, 'dist'));
}
