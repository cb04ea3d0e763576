import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { startedAt } from '../core/processes.ts';

const retryMs = 100;

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

/** Whether the process that wrote `content` still runs: its pid together with when it started. */
function isHeld(content: string): boolean {
  const [pid = '', ...since] = content.split(' ');
  const started = startedAt(Number(pid));
  return started !== '' && started === since.join(' ');
}

/**
 * Runs `task` while no other process runs one under the same `name`. The lock of a process that was killed is taken
 * over. It spares double work only: whatever is done under it must also be safe without.
 */
export async function withFileLock<T>(
  folder: string,
  name: string,
  task: () => Promise<T>,
  onWait: () => void = () => undefined,
): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, name);
  const own = path.join(folder, `.${name}.${randomUUID()}`);
  writeFileSync(own, `${process.pid} ${startedAt(process.pid)}`);
  let waited = false;
  try {
    for (;;) {
      try {
        // A link appears with its content or not at all.
        linkSync(own, file);
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = read(file);
      if (holder !== undefined && !isHeld(holder)) {
        rmSync(file, { force: true });
        continue;
      }
      if (!waited) onWait();
      waited = true;
      await pause(retryMs);
    }
  } finally {
    rmSync(own, { force: true });
  }
  try {
    return await task();
  } finally {
    rmSync(file, { force: true });
  }
}
