import { build, type BuildOptions, type Plugin } from 'esbuild';
import { realpath } from 'node:fs/promises';
import path from 'node:path';

export const framework = '@google-cloud/functions-framework';

/** The files of the functions' source, by their path in it; `index.js` is where they begin. */
export type FunctionsSource = Readonly<Record<string, Uint8Array>>;

/** What telemetry loads only when it is configured, as files of services/telemetry/src. */
const backends = ['open-telemetry', 'sentry'] as const;

const common = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  keepNames: true,
  write: false,
  logLevel: 'error',
} as const satisfies BuildOptions;

/**
 * All functions as one file, and beside it each backend of telemetry, which nobody reads unless it is asked for, and the
 * source map if it is wanted. Only the framework stays outside, because the platform starts it.
 * The functions are CommonJS, and esbuild splits ES modules alone: hence a bundle each.
 */
export async function bundleFunctions(
  folder: string,
  options: { readonly sourceMap?: boolean } = {},
): Promise<FunctionsSource> {
  // The package is found through a link, and esbuild names files by where they are.
  const telemetry = await realpath(path.join(folder, 'services', 'telemetry', 'src'));
  const { outputFiles: chunks } = await build({
    ...common,
    entryPoints: backends.map((name) => path.join(telemetry, `${name}.ts`)),
    outdir: path.join(folder, 'chunks'),
    entryNames: '[name]-[hash]',
  });
  const made = chunks.map(({ path: file, contents }) => ({ name: path.basename(file), contents }));
  const chunkOf = (backend: string): string => {
    const chunk = made.find(({ name }) => name.startsWith(`${backend}-`));
    if (!chunk) throw new Error(`esbuild made no bundle of ${path.join(telemetry, `${backend}.ts`)}`);
    return `chunks/${chunk.name}`;
  };
  const { outputFiles } = await build({
    ...common,
    sourcemap: options.sourceMap === true && 'linked',
    entryPoints: [path.join(folder, 'functions', 'main.ts')],
    outfile: path.join(folder, 'index.js'),
    external: [framework],
    plugins: [loadedFrom(telemetry, new Map(backends.map((name) => [`${name}.ts`, `./${chunkOf(name)}`])))],
  });
  return Object.fromEntries([
    ...outputFiles.map(
      ({ path: file, contents }) =>
        [path.basename(file), file.endsWith('.map') ? withOwnSources(contents) : contents] as const,
    ),
    ...made.map(({ name, contents }) => [`chunks/${name}`, contents] as const),
  ]);
}

/** A source map with the contents of the pipeline's own sources: those of all packages would be megabytes. */
function withOwnSources(contents: Uint8Array): Uint8Array {
  const map = JSON.parse(Buffer.from(contents).toString('utf8')) as SourceMap;
  const sourcesContent = map.sources.map((source, index) =>
    source.includes('node_modules/') ? null : (map.sourcesContent[index] ?? null),
  );
  return Buffer.from(JSON.stringify({ ...map, sourcesContent }));
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent: readonly (string | null)[];
}

/** Leaves an `import()` of a file in a folder to be done at run time, from where the file was bundled to. */
function loadedFrom(folder: string, files: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'loaded-from',
    setup({ onResolve }) {
      onResolve({ filter: /\.ts$/ }, ({ kind, path: imported, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        const file = path.relative(folder, path.resolve(resolveDir, imported));
        const bundled = files.get(file);
        return bundled === undefined ? undefined : { path: bundled, external: true };
      });
    },
  };
}
