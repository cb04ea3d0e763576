import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** What a running server writes into `postmaster.pid`; a killed one leaves it behind. */
export interface PostmasterLock {
  readonly pid: number;
  /** The server with that pid takes connections. */
  readonly ready: boolean;
}

const lockFile = (data: string): string => path.join(data, 'postmaster.pid');

/** The lock of the cluster in `data`; undefined when there is none. `pg_ctl` waits on the same line of it. */
export function readLock(data: string): PostmasterLock | undefined {
  if (!existsSync(lockFile(data))) return undefined;
  const lines = readFileSync(lockFile(data), 'utf8').split('\n');
  return { pid: Number(lines[0]), ready: lines[7]?.trim() === 'ready' };
}

/** The command line of a process; empty when there is none with this pid. */
function commandLine(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\u0000', ' ')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
}

/**
 * Clears what a killed server left behind, but for what Postgres itself looks at when it recovers. Throws when a server
 * still runs on `data`.
 */
export function clearLeftovers(data: string, socketFolder: string): void {
  const lock = readLock(data);
  if (lock) {
    const command = commandLine(lock.pid);
    if (command.includes(data))
      throw new Error(`another Postgres (process ${lock.pid}) runs on ${data}; end it first`);
    // The number belongs to somebody else by now (the machine was restarted): Postgres would take it for a server.
    if (command !== '') rmSync(lockFile(data));
  }
  for (const file of ['.s.PGSQL.5432', '.s.PGSQL.5432.lock'])
    rmSync(path.join(socketFolder, file), { force: true });
}
