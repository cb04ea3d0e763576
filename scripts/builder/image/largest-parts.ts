export interface SizedFile {
  /** Without a leading `/`. */
  readonly path: string;
  readonly size: number;
}

/** A folder ends with `/`. */
export interface LargestPart {
  readonly path: string;
  readonly bytes: number;
}

const maxFolders = 4;
const maxFiles = 5;
/** A folder with less of the whole is not where the size comes from. */
const leastShare = 0.1;
/** A folder that has this much of its parent says all that its parent would. */
const mostlyShare = 0.9;

/** Where the size comes from: the folders that matter, and the largest files; each largest first. */
export function largestParts(files: readonly SizedFile[]): LargestPart[] {
  const folders = new Map<string, number>();
  for (const { path, size } of files)
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      folders.set(path.slice(0, at + 1), (folders.get(path.slice(0, at + 1)) ?? 0) + size);
  const whole = files.reduce((sum, { size }) => sum + size, 0);
  const parentOf = (folder: string): string =>
    folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  const outdone = new Set(
    [...folders]
      .filter(([folder, bytes]) => bytes >= mostlyShare * (folders.get(parentOf(folder)) ?? Infinity))
      .map(([folder]) => parentOf(folder)),
  );
  const sorted = (parts: LargestPart[]): LargestPart[] =>
    parts.sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1));
  return [
    ...sorted(
      [...folders]
        .filter(([folder, bytes]) => !outdone.has(folder) && bytes >= leastShare * whole)
        .map(([path, bytes]) => ({ path, bytes })),
    ).slice(0, maxFolders),
    ...sorted(files.map(({ path, size }) => ({ path, bytes: size }))).slice(0, maxFiles),
  ].map(({ path, bytes }) => ({ path: `/${path}`, bytes }));
}
