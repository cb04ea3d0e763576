import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { hashFile, sha256, walk, type TreeEntry, type WalkFilter } from './file-tree.ts';
import { globRegex, isGlob } from './glob.ts';
import { resolveInRoot, statIfThere } from './root-folder.ts';

/** One thing that a COPY copies: a file, or all of a folder. */
export type CopySource =
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly file: string;
      readonly mode: number;
      readonly size: number;
    }
  | { readonly kind: 'folder'; readonly folder: string; readonly entries: readonly TreeEntry[] };

/** Where a COPY takes its sources from: a build context with its rules, or the folder of a stage or image. */
export interface CopyOrigin {
  readonly root: string;
  /** Absent: all of it, and it need not be listed file by file. */
  readonly filter?: WalkFilter;
  /** For errors. */
  readonly shown: string;
}

/** The paths below the origin that one source stands for, globs expanded, in order. */
function expand({ root, filter }: CopyOrigin, source: string): string[] {
  const segments = path.posix
    .normalize(`/${source}`)
    .split('/')
    .filter((segment) => segment !== '');
  let found = [''];
  for (const segment of segments) {
    found = found.flatMap((folder) => {
      const at = resolveInRoot(root, folder);
      if (!isGlob(segment)) return [folder === '' ? segment : `${folder}/${segment}`];
      if (statIfThere(at)?.isDirectory() !== true) return [];
      const regex = globRegex(segment);
      return readdirSync(at)
        .filter((name) => regex.test(name))
        .sort()
        .map((name) => (folder === '' ? name : `${folder}/${name}`));
    });
  }
  return found.filter((file) => {
    const place = resolveInRoot(root, file);
    const stat = statIfThere(place);
    if (!stat) return false;
    if (file === '' || !filter?.ignores(file)) return true;
    // A folder that is ignored may hold files that are kept.
    return stat.isDirectory() && !filter.prunes(file);
  });
}

/** What `sources` stand for. Throws when one that is no glob is missing, or when nothing is left to copy. */
export async function findSources(origin: CopyOrigin, sources: readonly string[]): Promise<CopySource[]> {
  const { root, filter } = origin;
  const found: CopySource[] = [];
  for (const source of sources) {
    const paths = expand(origin, source);
    if (paths.length === 0 && !isGlob(source)) {
      const hint = filter?.ignores(source.replace(/^\.?\//, '')) ? ' (.dockerignore leaves it out)' : '';
      throw new Error(`"${source}" was not found in ${origin.shown}${hint}`);
    }
    for (const file of paths) {
      const place = resolveInRoot(root, file);
      const stat = statSync(place);
      if (stat.isFile()) {
        const name = path.posix.basename(file);
        found.push({ kind: 'file', name, file: place, mode: stat.mode & 0o7777, size: stat.size });
      } else if (stat.isDirectory()) {
        const below: WalkFilter | undefined = filter && {
          ignores: (entry) => filter.ignores(file === '' ? entry : `${file}/${entry}`),
          prunes: (entry) => filter.prunes(file === '' ? entry : `${file}/${entry}`),
        };
        found.push({ kind: 'folder', folder: place, entries: below ? await walk(place, below) : [] });
      }
    }
  }
  if (found.length === 0) throw new Error(`no file in ${origin.shown} matches ${sources.join(' ')}`);
  return found;
}

/** A hash over names, modes and contents of what is copied from a build context. */
export async function fingerprint(found: readonly CopySource[]): Promise<string> {
  const parts: unknown[] = [];
  for (const source of found) {
    if (source.kind === 'file') {
      parts.push(['file', source.name, source.mode, await hashFile(source.file, source.size)]);
      continue;
    }
    for (const entry of source.entries) {
      const content =
        entry.type === 'file' ? await hashFile(path.join(source.folder, entry.path), entry.size) : '';
      parts.push([entry, content]);
    }
    parts.push('folder');
  }
  return sha256(JSON.stringify(parts));
}
