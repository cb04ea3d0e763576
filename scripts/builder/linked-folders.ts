import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** As much of a lock file as links are in: https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
interface Lock {
  readonly packages?: Readonly<Record<string, { readonly link?: boolean; readonly resolved?: string }>>;
}

/**
 * The folders that the lock file of a package links (`file:../shared`), and those that they link, each once. npm makes
 * the link and leaves it at that: what such a package needs, its own lock file says. One without is part of the package
 * that links it. `folder` and the answers are from the same place.
 */
export async function linkedFolders(root: string, folder: string): Promise<readonly string[]> {
  const found = new Set<string>();
  const look = async (from: string): Promise<void> => {
    for (const linked of await linksOf(root, from)) {
      if (found.has(linked) || linked === path.posix.normalize(folder)) continue;
      found.add(linked);
      await look(linked);
    }
  };
  await look(folder);
  return [...found];
}

async function linksOf(root: string, folder: string): Promise<string[]> {
  const file = path.join(root, folder, 'package-lock.json');
  let lock: Lock;
  try {
    lock = JSON.parse(await readFile(file, 'utf8')) as Lock;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(
      `${path.posix.join(folder, 'package-lock.json')} cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  return Object.values(lock.packages ?? {})
    .filter(({ link, resolved }) => link === true && resolved !== undefined)
    .map(({ resolved = '' }) => path.posix.join(folder, resolved))
    .filter((linked) => {
      if (linked.startsWith('../') || path.isAbsolute(linked))
        throw new Error(
          `${folder} links ${linked}, which is outside of the checkout: move it there, or publish it`,
        );
      return existsSync(path.join(root, linked, 'package-lock.json'));
    });
}
