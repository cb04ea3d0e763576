import { createHash } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { crc32c } from '../core/crc32c.ts';

export interface Digest {
  readonly size: number;
  /** Both in base64. */
  readonly md5Hash: string;
  readonly crc32c: string;
}

/** Size and checksums of a file, read piece by piece. */
export function digestFile(file: string): Digest {
  const md5 = createHash('md5');
  const piece = Buffer.allocUnsafe(1024 * 1024);
  let crc = 0;
  let size = 0;
  const descriptor = openSync(file, 'r');
  try {
    for (;;) {
      const count = readSync(descriptor, piece, 0, piece.length, null);
      if (count === 0) break;
      const read = piece.subarray(0, count);
      md5.update(read);
      crc = crc32c(read, crc);
      size += count;
    }
  } finally {
    closeSync(descriptor);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return { size, md5Hash: md5.digest('base64'), crc32c: bytes.toString('base64') };
}

/**
 * Contents on disk, one file a generation, never changed once it is there. The names are generations and not object
 * names, so any object name is safe. A content counts once its object's row names it; what no row names is removed
 * at the next start.
 */
export interface ContentFiles {
  /** A new file for content that is still being written. */
  temporary(content?: Buffer): string;
  /** A temporary file with the content of another one, at no cost. */
  link(file: string): string;
  /** Takes a temporary file over as the content of `generation` and returns its name. */
  keep(temporary: string, generation: string): string;
  /** Gives a temporary file up. */
  discard(temporary: string): void;
  path(file: string): string;
  remove(file: string): void;
}

export function openContentFiles(folder: string, known: ReadonlySet<string>): ContentFiles {
  for (const file of readdirSync(folder)) {
    if (!known.has(file)) rmSync(path.join(folder, file), { force: true });
  }
  let count = 0;
  const next = (): string => path.join(folder, `${process.pid}-${(count += 1)}.tmp`);
  return {
    temporary(content = Buffer.alloc(0)) {
      const file = next();
      writeFileSync(file, content);
      return file;
    },
    link(file) {
      const linked = next();
      linkSync(file, linked);
      return linked;
    },
    keep(temporary, generation) {
      renameSync(temporary, path.join(folder, generation));
      return generation;
    },
    discard(temporary) {
      rmSync(temporary, { force: true });
    },
    path: (file) => path.join(folder, file),
    remove(file) {
      rmSync(path.join(folder, file), { force: true });
    },
  };
}
