import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Another local cloud runs on the same state. */
export class StateLockedError extends Error {
  override readonly name = 'StateLockedError';
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Name of the file that says which process runs on the folder. */
export const lockFile = 'local-cloud.pid';

/** Claims the state folder for this process; the returned function gives it back. A dead process's claim is void. */
export function lockState(folder: string): () => void {
  const file = path.join(folder, lockFile);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, String(process.pid));
      closeSync(handle);
      return () => {
        rmSync(file, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(readFileSync(file, 'utf8'));
      if (pid !== process.pid && Number.isInteger(pid) && pid > 0 && isRunning(pid)) {
        throw new StateLockedError(
          `a local cloud (process ${pid}) already runs on ${folder}; stop it first, or choose another folder with --state`,
          { cause: error },
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new Error(`${file} cannot be claimed: another process is faster each time`);
}
