import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';

/** The running processes that have to do with `folder`: by their command line, and on Linux by where they work. */
export function processesOf(folder: string): string[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,args='], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  }).split('\n');
  const byArguments = rows.filter((row) => row.includes(folder));
  const byFolder =
    process.platform === 'linux'
      ? readdirSync('/proc').flatMap((pid) => {
          if (!/^\d+$/.test(pid)) return [];
          try {
            return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) ? [`${pid} works in ${folder}`] : [];
          } catch {
            return [];
          }
        })
      : [];
  return [...byArguments, ...byFolder].map((row) => row.trim());
}

/** Every command line of the machine: what anybody may read. */
export const commandLines = (): string =>
  execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 });

/** The processes of the pipeline's functions, by their ids. */
export const functionPids = (stateFolder: string): number[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 })
    .split('\n')
    .filter((row) => row.includes(`${stateFolder}/functions/sources/`))
    .map((row) => Number.parseInt(row, 10));
