import { join } from 'node:path';
import { build } from './build.ts';

// The server serves built files only, in development too.
const outdir = join(import.meta.dirname, 'dist');
await build(outdir);
await import(join(outdir, 'server.js'));
