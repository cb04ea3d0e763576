import { lstatSync, mkdirSync, readlinkSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';

/** More symbolic links than this in one path are a circle; Linux has the same bound. */
const maxLinks = 40;

/** What is at `file`, or undefined; something below a file is not there either. */
export function statIfThere(file: string, { link = false } = {}): Stats | undefined {
  try {
    return link ? lstatSync(file) : statSync(file);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/**
 * The place of `inside` below `root`, symbolic links followed as if `root` were `/`, so that no link leads out of it.
 * What does not exist yet is taken as it stands. `followLast: false` leaves a link at the very end alone.
 */
export function resolveInRoot(root: string, inside: string, { followLast = true } = {}): string {
  let todo = path.posix
    .resolve('/', inside)
    .split('/')
    .filter((part) => part !== '');
  let done: string[] = [];
  let links = 0;
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    if (name === '.' || name === '') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const place = path.join(root, ...done, name);
    const isLink = statIfThere(place, { link: true })?.isSymbolicLink() ?? false;
    if (!isLink || (!followLast && todo.length === 0)) {
      done.push(name);
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new Error(`${inside}: too many levels of symbolic links`);
    const target = readlinkSync(place);
    if (target.startsWith('/')) done = [];
    todo = [...target.split('/'), ...todo];
  }
  return path.join(root, ...done);
}

/** Makes a folder below `root` and those above it, with the mode that an image's folders have whatever the umask. */
export function makeFolder(root: string, inside: string): string {
  const folder = resolveInRoot(root, inside);
  const umask = process.umask(0o022);
  try {
    mkdirSync(folder, { recursive: true });
  } finally {
    process.umask(umask);
  }
  return folder;
}
