import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

/** Secret payloads on disk, readable by their owner alone. */
export interface PayloadFiles {
  /** Stores `payload` and returns the name of its file. */
  write(payload: Buffer): string;
  read(file: string): Buffer;
  remove(file: string): void;
}

/** Opens `folder`; files that are not in `known` were left by a run that ended before it had recorded them. */
export function openPayloadFiles(folder: string, known: ReadonlySet<string>): PayloadFiles {
  chmodSync(folder, 0o700);
  for (const file of readdirSync(folder)) {
    if (!known.has(file)) rmSync(path.join(folder, file), { force: true });
  }
  return {
    write(payload) {
      const file = randomUUID();
      const temporary = path.join(folder, `${file}.tmp`);
      writeFileSync(temporary, payload, { mode: 0o600, flag: 'wx' });
      renameSync(temporary, path.join(folder, file));
      return file;
    },
    read: (file) => readFileSync(path.join(folder, file)),
    remove(file) {
      rmSync(path.join(folder, file), { force: true });
    },
  };
}
