import { constants } from 'node:fs';
import { chmod, copyFile, lstat, open, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import { copyFolder } from './copy-folder.ts';
import type { CopyOrigin, CopySource } from './copy-sources.ts';
import { walk } from './file-tree.ts';
import { makeFolder, resolveInRoot } from './root-folder.ts';

export interface CopyTarget {
  /** The stage's folder. */
  readonly root: string;
  /** Absolute inside; a trailing slash means a folder. */
  readonly destination: string;
  /** `--chmod`. */
  readonly mode?: number | undefined;
}

/** The first bytes of what ADD would unpack, by their offset. */
const archives: readonly (readonly [number, string])[] = [
  [0, '1f8b'],
  [0, '425a68'],
  [0, 'fd377a585a00'],
  [0, '28b52ffd'],
  [257, '7573746172'],
];

/** Whether a file is compressed or a tar archive, so that ADD would unpack it. */
export async function isArchive(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
    return archives.some(
      ([offset, magic]) =>
        buffer.subarray(offset, Math.min(bytesRead, offset + magic.length / 2)).toString('hex') === magic,
    );
  } finally {
    await handle.close();
  }
}

const isFolder = async (place: string): Promise<boolean> =>
  (await stat(place).catch(() => undefined))?.isDirectory() ?? false;

async function putFile(source: string, place: string, mode: number): Promise<void> {
  // Never written through: what stands there may be a link out of the stage.
  await rm(place, { force: true });
  await copyFile(source, place, constants.COPYFILE_FICLONE);
  await chmod(place, mode);
}

/** Copies the entries of a context folder, which its rules have picked. */
async function putEntries(
  source: CopySource & { kind: 'folder' },
  { root, destination, mode }: CopyTarget,
): Promise<void> {
  for (const entry of source.entries) {
    const inside = path.posix.join(destination, entry.path);
    if (entry.type === 'folder') {
      await chmod(makeFolder(root, inside), mode ?? entry.mode);
      continue;
    }
    makeFolder(root, path.posix.dirname(inside));
    const place = resolveInRoot(root, inside, { followLast: false });
    if (entry.type === 'file') {
      await putFile(path.join(source.folder, entry.path), place, mode ?? entry.mode);
    } else {
      const there = await lstat(place).catch(() => undefined);
      if (there?.isDirectory() === false) await rm(place);
      await symlink(entry.target, place);
    }
  }
}

/** COPY: files into the destination, of folders what is in them. */
export async function copyFiles(
  origin: CopyOrigin,
  sources: readonly CopySource[],
  target: CopyTarget,
): Promise<void> {
  const { root, destination, mode } = target;
  const intoFolder = destination.endsWith('/') || (await isFolder(resolveInRoot(root, destination)));
  if (sources.length > 1 && !intoFolder) {
    throw new Error(`${sources.length} files cannot be copied to the one file ${destination}: end it with /`);
  }
  for (const source of sources) {
    if (source.kind === 'file') {
      const inside = intoFolder ? path.posix.join(destination, source.name) : destination;
      makeFolder(root, path.posix.dirname(inside));
      await putFile(source.file, resolveInRoot(root, inside, { followLast: false }), mode ?? source.mode);
      continue;
    }
    const place = makeFolder(root, destination);
    if (origin.filter) {
      await putEntries(source, target);
      continue;
    }
    await copyFolder(source.folder, place);
    if (mode === undefined) continue;
    for (const entry of await walk(source.folder)) {
      if (entry.type !== 'link') await chmod(path.join(place, entry.path), mode);
    }
  }
}
