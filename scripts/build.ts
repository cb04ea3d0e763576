import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleBuilder } from './builder/bundle-builder.ts';
import { runCommand } from './cli/command.ts';
import { bundleFunctions } from './setup/bundle-functions.ts';

/** `npm run build`: what setup uploads, in dist/, to be looked at. */
await runCommand(async () => {
  const root = path.resolve(import.meta.dirname, '..');
  const dist = path.join(root, 'dist');
  const functions = path.join(dist, 'functions');
  await rm(functions, { recursive: true, force: true });
  const files = await bundleFunctions(root);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(functions, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  await bundleBuilder(path.join(dist, 'builder.js'));
  const sizes = Object.entries(files).map(
    ([name, { length }]) => `dist/functions/${name} ${(length / 1024).toFixed(0)} kB`,
  );
  process.stdout.write(`${[...sizes, 'dist/builder.js'].join('\n')}\n`);
  return 0;
});
