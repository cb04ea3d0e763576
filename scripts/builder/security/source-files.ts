import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is never source, where git is not there to say what is. */
const generated = new Set(['node_modules', 'dist', 'reports', 'coverage', '.git', '.slipway', '.local']);

export interface SourceFiles {
  /** From the folder, with `/` between names, in order. */
  readonly files: readonly string[];
  /** How they were found, when it was not git. */
  readonly note?: string;
}

/**
 * The files of the folder that git tracks. The image of the build steps has no git: there everything counts but what
 * installing, building and testing make. A checkout has nothing else in it.
 */
export async function sourceFiles(folder: string): Promise<SourceFiles> {
  try {
    const { stdout } = await run('git', ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--', '.'], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
    const files = stdout
      .split('\0')
      .filter((name) => name !== '' && !name.split('/').includes('node_modules'));
    if (files.length > 0) return { files };
  } catch {
    // No git, or no repository.
  }
  return {
    files: await walk(folder, ''),
    note: 'git does not list the files here: all were read that are not generated',
  };
}

async function walk(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(async (entry) => {
        const name = below === '' ? entry.name : `${below}/${entry.name}`;
        if (entry.isDirectory()) return generated.has(entry.name) ? [] : walk(folder, name);
        return entry.isFile() ? [name] : [];
      }),
  );
  return nested.flat();
}
