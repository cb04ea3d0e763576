import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folder holds something else: what is in it is not ours to write over or to delete. */
export class StateFolderError extends Error {
  override readonly name = 'StateFolderError';
}

/** Says that a folder is a local cloud's. Nothing is ever deleted where it is not. */
const marker = 'local-cloud-state';

/** Makes the folder, or takes it if it is empty or has been ours before. */
export function claimStateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, marker);
  if (existsSync(file)) return;
  if (readdirSync(folder).length > 0) {
    throw new StateFolderError(
      `${folder} holds files that are not a local cloud's; choose an empty or a new folder with --state`,
    );
  }
  writeFileSync(file, 'State of a local cloud. Delete the whole folder to forget it.\n');
}

/** Forgets everything in a folder that was claimed, but what `keep` names. */
export function clearStateFolder(folder: string, keep: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    if (name === marker || keep.includes(name)) continue;
    rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}
