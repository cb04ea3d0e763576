import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readCommandLine, UsageError, type Command } from './command.ts';
import { contentKey, describeMiss, megabytes, openDependencyCache } from './dependency-cache.ts';
import { readStorageAddress } from './storage-address.ts';

/** A folder that is made anew only when what it is made from has changed. */
export const cache: Command = {
  name: 'cache',
  summary: 'restores and saves a folder whose content follows from a version and some files',
  help: `builder cache restore|save [FILE …] --name NAME --version VERSION --path PATH --at gs://BUCKET[/PREFIX]

restore puts the folder PATH there, when an earlier build has saved it under the same name, version,
platform and contents of the FILEs; the step that makes it finds it then, and has less to do.
save keeps the folder for later builds, unless it was restored. The cache can only save time: when it
cannot be read or written, the log says why and the build goes on.

  FILE               what the folder follows from: pubspec.lock
  --name NAME        one cache among several: flutter-sdk
  --version VERSION  of the tool that makes the folder
  --path PATH        the folder, from the root of the checkout
  --at ADDRESS       the bucket of the cache`,

  async run(args, around) {
    const { options, names } = readCommandLine(args, ['name', 'version', 'path', 'at']);
    const [action, ...files] = names;
    if (action !== 'restore' && action !== 'save')
      throw new UsageError(`say restore or save first, not ${action ?? 'nothing'}`);
    const { name, version } = options;
    if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
      throw new UsageError(`--name must be lower-case letters, digits and hyphens, not ${name}`);
    const address = readStorageAddress('at', options.at);
    const missing = files.find((file) => !existsSync(path.resolve(around.folder, file)));
    if (missing !== undefined)
      throw new Error(`${missing} does not exist: commit it, or correct the name of the file`);
    const label = `${name}-${version}`;
    const key = await contentKey(
      label,
      files.map((file) => path.resolve(around.folder, file)),
    );
    const store = openDependencyCache(around.api, address, key, name);
    const folder = path.resolve(around.folder, options.path);
    const mark = path.join(around.folder, '.slipway', 'cache', name);

    if (action === 'restore') {
      await mkdir(path.dirname(folder), { recursive: true });
      await mkdir(path.dirname(mark), { recursive: true });
      const restored = await store.restore(path.dirname(folder), path.basename(folder));
      if (restored.kind === 'hit') {
        // Also for steps of other images: a shell can compare it.
        await writeFile(mark, `${key}\n`);
        around.print(`cache hit: ${options.path} (${megabytes(restored.bytes)}) for ${label}`);
      } else around.print(`cache miss: ${describeMiss(restored)}`);
      return 0;
    }
    if ((await readFile(mark, 'utf8').catch(() => '')).trim() === key) {
      around.print(`${options.path} came from the cache: there is nothing to save`);
      return 0;
    }
    if (!existsSync(folder)) {
      around.print(`${options.path} does not exist: there is nothing to save`);
      return 0;
    }
    const saved = await store.save(path.dirname(folder), path.basename(folder));
    around.print(
      saved.kind === 'saved'
        ? `cache saved: ${options.path} (${megabytes(saved.bytes)}) for ${label}`
        : saved.kind === 'exists'
          ? 'cache not saved: another build has saved the same meanwhile'
          : `cache not saved: ${saved.reason}`,
    );
    return 0;
  },
};
