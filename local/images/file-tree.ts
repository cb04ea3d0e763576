import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

/** One entry of a folder tree. `path` is relative, with forward slashes. */
export type TreeEntry =
  | { readonly type: 'folder'; readonly path: string; readonly mode: number }
  | { readonly type: 'file'; readonly path: string; readonly mode: number; readonly size: number }
  | { readonly type: 'link'; readonly path: string; readonly target: string };

/** Which entries a walk leaves out. */
export interface WalkFilter {
  ignores(file: string): boolean;
  prunes(folder: string): boolean;
}

const everything: WalkFilter = { ignores: () => false, prunes: () => false };

/** Above this a file is hashed as a stream. */
const wholeFileBytes = 4 * 1024 * 1024;

/** All of `root` in the order of the paths, links not followed. Sockets, pipes and devices are left out. */
export async function walk(root: string, filter: WalkFilter = everything): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const visit = async (folder: string): Promise<void> => {
    const children = await readdir(path.join(root, folder), { withFileTypes: true });
    for (const child of children) {
      const relative = folder === '' ? child.name : `${folder}/${child.name}`;
      const ignored = filter.ignores(relative);
      const full = path.join(root, relative);
      if (child.isDirectory()) {
        if (ignored && filter.prunes(relative)) continue;
        if (!ignored) {
          const { mode } = await lstat(full);
          entries.push({ type: 'folder', path: relative, mode: mode & 0o7777 });
        }
        await visit(relative);
      } else if (ignored) continue;
      else if (child.isSymbolicLink()) {
        entries.push({ type: 'link', path: relative, target: await readlink(full) });
      } else if (child.isFile()) {
        const { mode, size } = await lstat(full);
        entries.push({ type: 'file', path: relative, mode: mode & 0o7777, size });
      }
    }
  };
  await visit('');
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** The SHA-256 of a file's content as hex. */
export async function hashFile(file: string, size: number): Promise<string> {
  const hash = createHash('sha256');
  if (size <= wholeFileBytes) hash.update(await readFile(file));
  else await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}

/** A tree in canonical form: one line of JSON an entry, files with the hash of their content. */
export async function describeTree(root: string, entries: readonly TreeEntry[]): Promise<string> {
  const lines: string[] = [];
  for (const entry of entries) {
    const more =
      entry.type === 'file' ? { sha256: await hashFile(path.join(root, entry.path), entry.size) } : {};
    lines.push(JSON.stringify({ ...entry, ...more }));
  }
  return lines.map((line) => `${line}\n`).join('');
}

export const sizeOf = (entries: readonly TreeEntry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);

export const sha256 = (content: string | Buffer): string =>
  createHash('sha256').update(content).digest('hex');
