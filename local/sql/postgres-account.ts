import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Who Postgres runs as; undefined means as ourselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Postgres refuses to run as root; then it runs as `nobody`. https://www.postgresql.org/docs/18/app-postgres.html */
export function postgresAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'));
  const [, , uid = '65534', gid = '65534'] = line?.split(':') ?? [];
  // macOS writes -2, which the system calls take as an unsigned number.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 };
}

/** Whether `account` may enter every folder on the way to `folder`, that one included (which need not exist yet). */
export function canEnter(folder: string, account: Account | undefined): boolean {
  if (!account) return true;
  if (existsSync(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
  }
  const parent = path.dirname(folder);
  return parent === folder || canEnter(parent, account);
}

/** Makes `folder` for `account` alone. One that somebody else made before us is refused: it could be theirs to change. */
export function privateFolder(folder: string, account: Account | undefined, mode = 0o700): string {
  mkdirSync(folder, { recursive: true, mode });
  const found = lstatSync(folder);
  const ours = process.getuid?.() ?? found.uid;
  const known = found.uid === ours || found.uid === account?.uid;
  if (!found.isDirectory() || !known || (found.mode & 0o022) !== 0) {
    throw new Error(`${folder} was not made by this program and is not used; remove it and start again`);
  }
  if (account) chownSync(folder, account.uid, account.gid);
  // Once more, because the umask had a say in the first time.
  chmodSync(folder, mode);
  return folder;
}

/** On macOS a socket's path has 104 bytes, its end included; `.s.PGSQL.5432` takes 14 of them with its slash. */
const longestSocketFolder = 104 - 1 - '/.s.PGSQL.5432'.length;

/** Places outside the state folder: sockets always, the rest only when `account` cannot get to where it belongs. */
export interface TemporaryPlaces {
  readonly folder: string;
  /** The path of the folder for the socket of `key`: short, and the same at every start. */
  socketFolder(key: string): string;
  /** Makes `folder`, and with a key the folder of its socket. */
  prepare(key?: string): void;
  /** Removes the folder of a socket, and `folder` when nothing is left in it. */
  remove(key: string): void;
}

export function temporaryPlaces(stateFolder: string, account: Account | undefined): TemporaryPlaces {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
  const name = `slipway-sql-${hash(stateFolder)}`;
  const fits = (base: string): boolean =>
    canEnter(base, account) && Buffer.byteLength(path.join(base, name, hash(''))) <= longestSocketFolder;
  const base = [tmpdir(), '/tmp'].find(fits);
  if (base === undefined)
    throw new Error(`${tmpdir()} is too long a path for a Unix socket; set TMPDIR to a shorter one`);
  const folder = path.join(base, name);
  const socketFolder = (key: string): string => path.join(folder, hash(key));
  return {
    folder,
    socketFolder,
    prepare(key) {
      // Others pass through on their way to what is theirs, and see nothing.
      privateFolder(folder, undefined, account ? 0o711 : 0o700);
      if (key !== undefined) privateFolder(socketFolder(key), account);
    },
    remove(key) {
      rmSync(socketFolder(key), { recursive: true, force: true });
      if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
    },
  };
}

/** Copies the distribution in `source` below `target` unless it is there; returns where it is. */
export function copyOnce(source: string, target: string, version: string): string {
  const copy = path.join(target, `postgres-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.new`;
    rmSync(draft, { recursive: true, force: true });
    cpSync(source, draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, copy);
  }
  return copy;
}
