import { existsSync } from 'node:fs';
import path from 'node:path';
import { noNames, readCommandLine, type Command, type Surroundings } from './command.ts';
import {
  dependencyKey,
  describeMiss,
  megabytes,
  openDependencyCache,
  type Restored,
  type Saved,
} from './dependency-cache.ts';
import { linkedFolders } from './linked-folders.ts';
import { runProcess } from './run-process.ts';
import { readStorageAddress, type StorageAddress } from './storage-address.ts';

const installed = 'node_modules';

/** `npm ci`, or what an earlier build with the same lock file has installed. */
export const install: Command = {
  name: 'install',
  summary: 'installs npm packages, out of a cache when an earlier build had the same ones',
  help: `builder install --folder FOLDER --cache gs://BUCKET[/PREFIX]

Puts node_modules into the folder: out of the cache, when an earlier build had the same
package.json, package-lock.json, .npmrc, platform and major version of Node; else with
\`npm ci\`, and then into the cache. Folders that the lock file links (file:../shared) and that
have a lock file of their own come first, each with an entry of its own. The cache can only
save time: when it cannot be read or written, the log says why and the build goes on.

  --folder FOLDER  the folder of package.json, from the root of the checkout
  --cache ADDRESS  the bucket of the cache`,

  async run(args, around) {
    const line = readCommandLine(args, ['folder', 'cache']);
    noNames(line);
    const address = readStorageAddress('cache', line.options.cache);
    const folder = path.resolve(around.folder, line.options.folder);
    if (!existsSync(path.join(folder, 'package-lock.json')))
      throw new Error(
        `${line.options.folder} has no package-lock.json: run \`npm install\` there and commit it, or correct the folder`,
      );
    const folders = [...(await linkedFolders(around.folder, line.options.folder)), line.options.folder];
    for (const each of folders) {
      if (folders.length > 1) around.print(`${each}:`);
      const exitCode = await installFolder(each, address, around);
      if (exitCode !== 0) return exitCode;
    }
    return 0;
  },
};

async function installFolder(shown: string, address: StorageAddress, around: Surroundings): Promise<number> {
  const folder = path.resolve(around.folder, shown);
  const cache = openDependencyCache(around.api, address, await dependencyKey(folder, shown));
  const timed = stopwatch(around);

  const restored = await cache.restore(folder, installed);
  around.print(describeRestored(restored, timed()));
  if (restored.kind === 'hit') return 0;

  const exitCode = await runProcess('npm', ['ci'], folder);
  if (exitCode !== 0) {
    around.print(`npm ci failed with exit ${exitCode} in ${shown}; its own messages are above`);
    return exitCode;
  }
  around.print(`npm ci took ${timed()}`);
  // npm makes no folder for a package that needs none.
  if (!existsSync(path.join(folder, installed))) return 0;
  around.print(describeSaved(await cache.save(folder, installed), timed()));
  return 0;
}

/** Each call tells the time since the one before. */
function stopwatch({ now }: Pick<Surroundings, 'now'>): () => string {
  let last = now();
  return () => {
    const since = now() - last;
    last += since;
    return `${(since / 1000).toFixed(1)} s`;
  };
}

const describeRestored = (restored: Restored, took: string): string =>
  restored.kind === 'hit'
    ? `cache hit: ${megabytes(restored.bytes)} in ${took}; npm ci is not needed`
    : `cache miss (${took}): ${describeMiss(restored)}`;

function describeSaved(saved: Saved, took: string): string {
  switch (saved.kind) {
    case 'saved':
      return `cache saved: ${megabytes(saved.bytes)} in ${took}`;
    case 'exists':
      return 'cache not saved: another build has saved the same packages meanwhile';
    case 'not-saved':
      return `cache not saved, the next build runs npm ci again: ${saved.reason}`;
    default:
      return saved satisfies never;
  }
}
