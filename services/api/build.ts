import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build as bundle } from 'esbuild';

/** Writes the whole service, without node_modules, to `outdir`: server.js, its source map and the migrations. */
export async function build(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await bundle({
    absWorkingDir: import.meta.dirname,
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
    legalComments: 'none',
    // pg is CommonJS and asks for Node's own modules with require(), which an ES module does not have.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    external: ['pg-native'],
    logLevel: 'warning',
  });
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
  await cp(join(import.meta.dirname, 'migrations'), join(outdir, 'migrations'), { recursive: true });
}

if (import.meta.main) await build(join(import.meta.dirname, 'dist'));
