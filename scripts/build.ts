import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleBuilder } from './builder/bundle-builder.ts';
import { runCommand } from './cli/command.ts';
import { bundleFunctions } from './setup/functions.ts';

/** `npm run build`: what setup uploads, in dist/, to be looked at. */
await runCommand(async () => {
  const root = path.resolve(import.meta.dirname, '..');
  const dist = path.join(root, 'dist');
  await mkdir(dist, { recursive: true });
  const bundle = await bundleFunctions(root);
  await writeFile(path.join(dist, 'functions.js'), bundle);
  await bundleBuilder(path.join(dist, 'builder.js'));
  process.stdout.write(`dist/functions.js ${(bundle.length / 1024).toFixed(0)} kB, dist/builder.js\n`);
  return 0;
});
