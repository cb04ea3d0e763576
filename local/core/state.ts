import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A durable map of JSON values, one file a key, held in memory and written through before `set` returns.
 * A write is a rename, so a process killed at any moment leaves the old value or the new one, never a mixture.
 */
export interface Table<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): boolean;
  /** In the order of the keys. */
  entries(prefix?: string): [key: string, value: T][];
  values(prefix?: string): T[];
}

/** Readable where it can be; the hash keeps long names within 255 bytes, and apart where letter case is folded. */
function fileOf(key: string): string {
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 12);
  return `${key.replace(/[^A-Za-z0-9_.-]+/g, '~').slice(-180)}.${hash}.json`;
}

/** Opens the table stored in `folder` (made when absent). A file that is not JSON is an error that names it. */
export function openTable<T>(folder: string): Table<T> {
  mkdirSync(folder, { recursive: true });
  const rows = new Map<string, T>();
  for (const file of readdirSync(folder)) {
    const full = path.join(folder, file);
    if (file.endsWith('.tmp')) {
      rmSync(full, { force: true });
      continue;
    }
    if (!file.endsWith('.json')) continue;
    try {
      const row = JSON.parse(readFileSync(full, 'utf8')) as { key: string; value: T };
      rows.set(row.key, row.value);
    } catch (cause) {
      throw new Error(`${full} cannot be read as JSON; start with --fresh to forget the earlier state`, {
        cause,
      });
    }
  }
  const entries = (prefix = ''): [string, T][] =>
    [...rows].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    get: (key) => rows.get(key),
    set(key, value) {
      const full = path.join(folder, fileOf(key));
      writeFileSync(`${full}.tmp`, JSON.stringify({ key, value }));
      renameSync(`${full}.tmp`, full);
      rows.set(key, value);
    },
    delete(key) {
      rmSync(path.join(folder, fileOf(key)), { force: true });
      return rows.delete(key);
    },
    entries,
    values: (prefix) => entries(prefix).map(([, value]) => value),
  };
}
