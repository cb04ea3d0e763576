import { build } from 'esbuild';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..', '..');

/** Writes the tool of the build steps into one file that needs Node and nothing else. The same source gives the same file. */
export async function bundleBuilder(outFile: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/builder/main.ts'],
    outfile: outFile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    // CommonJS packages in the bundle use `require` and `__dirname`, which an ES module has not got.
    banner: {
      js: "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url), __dirname = import.meta.dirname;",
    },
  });
}
