import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { git, resolveCommit, type Commit } from '../scripts/cli/git.ts';
import { cloneAt } from '../scripts/demo/clone.ts';

export interface BoardClone {
  readonly folder: string;
  /** Adds a line to each of the files and commits that. */
  append(files: readonly string[], line: string): Promise<Commit>;
  remove(): Promise<void>;
}

/** A clone of what is committed in `root`, to commit to. */
export async function cloneBoard(root: string): Promise<BoardClone> {
  const { folder, remove } = await cloneAt(root, (await resolveCommit(root, 'HEAD')).sha);
  const settings = ['user.name=bench', 'user.email=bench@slipway.invalid', 'commit.gpgsign=false'];
  return {
    folder,
    remove,
    async append(files, line) {
      for (const file of files) await appendFile(path.join(folder, file), `\n${line}\n`);
      const configured = settings.flatMap((setting) => ['-c', setting]);
      await git(folder, ...configured, 'commit', '--quiet', '--no-verify', '--all', '-m', line);
      return resolveCommit(folder, 'HEAD');
    },
  };
}
