import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Copies what is in `source` into the folder `target`, with modes, times and symbolic links, never as hard links to
 * the same data. The system's `cp` shares blocks where the file system can, and is twice as fast as `fs.cp` for
 * thousands of small files.
 */
export async function copyFolder(source: string, target: string): Promise<void> {
  const flags =
    process.platform === 'darwin' ? ['-a', '-c'] : ['-a', '--reflink=auto', '--remove-destination'];
  try {
    await run('cp', [...flags, `${source}/.`, target]);
  } catch (cause) {
    throw new Error(`${source} could not be copied to ${target}: ${(cause as Error).message}`, { cause });
  }
}
