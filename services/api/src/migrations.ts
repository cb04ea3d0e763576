import { readdir, readFile } from 'node:fs/promises';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Reads the numbered SQL files of a folder in their order. Throws when the numbers are not 1, 2, 3, … */
export async function loadMigrations(folder: URL): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name, index) => {
      const version = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? Number.NaN);
      if (version !== index + 1) {
        throw new Error(
          `migration ${name}: expected the name ${String(index + 1).padStart(4, '0')}_<what_it_does>.sql`,
        );
      }
      return { version, name, sql: await readFile(new URL(name, folder), 'utf8') };
    }),
  );
}

/**
 * The migrations still to be applied. Versions that only the database knows are newer code's: this code was rolled
 * back to, and leaves them alone.
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: ReadonlySet<number>,
): readonly Migration[] {
  return known.filter(({ version }) => !applied.has(version));
}
