import { lstatSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Mount } from '../core/image-paths.ts';
import type { SqlSockets } from '../core/links.ts';
import type { Table } from '../core/state.ts';
import type { Container, Volume } from './resources.ts';
import { StartFailure } from './start-failure.ts';

/** The socket's own name, as Postgres clients expect it in the folder they are given. */
const socketName = '.s.PGSQL.5432';

/** `sun_path` holds 104 bytes on macOS and 108 on Linux, the closing zero included. `man 7 unix` */
const maxSocketPath = 103;

/** Folders that stand for the mounted `/cloudsql` of containers. */
export interface SqlMounts {
  /** Throws StartFailure when an instance does not exist. */
  mount(container: Container, volumes: readonly Volume[]): Mount[];
  remove(): void;
}

/**
 * One folder with a link for each Cloud SQL instance. It is in /tmp rather than among the state, because the path of a
 * socket must be short; `table` remembers it, so that one of a run that was killed is removed.
 */
export function createSqlMounts(sql: SqlSockets, table: Table<string>): SqlMounts {
  let folder: string | undefined;
  const remove = (): void => {
    const known = table.get('folder');
    if (known !== undefined) rmSync(known, { recursive: true, force: true });
    table.delete('folder');
    folder = undefined;
  };
  remove();
  const open = (): string => {
    if (folder === undefined) {
      folder = mkdtempSync('/tmp/slw-');
      table.set('folder', folder);
    }
    return folder;
  };
  const link = (connectionName: string): string => {
    const target = sql.socketFolder(connectionName);
    if (target === undefined) {
      throw new StartFailure(
        'sql',
        `The Cloud SQL instance ${connectionName}, mounted by this revision, does not exist`,
      );
    }
    const place = path.join(open(), connectionName);
    if (Buffer.byteLength(path.join(place, socketName)) > maxSocketPath) {
      throw new StartFailure(
        'sql',
        `The Cloud SQL connection name ${connectionName} is too long for the path of a Unix socket; use a shorter project id or instance name`,
      );
    }
    if (lstatSync(place, { throwIfNoEntry: false })) rmSync(place);
    symlinkSync(target, place);
    return place;
  };
  return {
    mount(container, volumes) {
      return (container.volumeMounts ?? []).flatMap(({ name, mountPath = '' }) => {
        const instances = volumes.find((volume) => volume.name === name)?.cloudSqlInstance?.instances ?? [];
        // One entry may name several instances, with commas.
        const names = instances.flatMap((text) => text.split(',').map((item) => item.trim()));
        if (names.length === 0) return [];
        const inside = path.posix.join(mountPath, '.').replace(/\/$/, '');
        return [
          { inside, outside: open() },
          ...names.map((each) => ({ inside: `${inside}/${each}`, outside: link(each) })),
        ];
      });
    },
    remove,
  };
}
