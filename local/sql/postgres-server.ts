import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { sleep } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { ManagedProcess } from '../core/processes.ts';
import { clearLeftovers, readLock } from './postmaster-lock.ts';
import { privateFolder, type Account } from './postgres-account.ts';

/** The role that owns the cluster, as on Cloud SQL; nobody but this program knows its password. */
export const administrator = 'cloudsqladmin';

export interface PostgresPlaces {
  /** Holds `bin/postgres` and `bin/initdb`. */
  readonly binaries: string;
  /** The cluster's own folder: `data` and the administrator's password. */
  readonly folder: string;
  readonly socketFolder: string;
  /** Makes the folder of the socket, for the account. */
  prepareSocketFolder(): void;
  readonly account: Account | undefined;
}

/** One Postgres cluster. */
export interface PostgresServer {
  /** Makes the cluster when it is not there yet. */
  initialise(): Promise<void>;
  /** Resolves once it takes connections; at once when it does already. */
  start(): Promise<void>;
  /** Runs one statement as the administrator, starting the server when it is not running. */
  query(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Ends it for good; open connections are closed, nothing is lost. */
  stop(): Promise<void>;
}

/**
 * Small, for a laptop that runs other things. fsync stays on: it costs a twentieth of the time to make a cluster and
 * nothing one would notice after that, and without it a power cut may cost the data.
 */
const settings = {
  listen_addresses: '',
  fsync: 'on',
  shared_buffers: '16MB',
  max_connections: '100',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  jit: 'off',
  log_line_prefix: '%m [%p] ',
} as const;

const logLines = 40;
const stopGraceMs = 10_000;
const pollMs = 15;
/** After a crash the old server's own processes may hold its memory for a moment. */
const startAttempts = 10;
const retryMs = 200;
const longestRestartDelayMs = 30_000;

export function createPostgresServer(
  context: CloudContext,
  name: string,
  places: PostgresPlaces,
): PostgresServer {
  const { binaries, folder, socketFolder, account } = places;
  const { clock } = context;
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const environment = { PATH: '/usr/bin:/bin', LANG: 'C', LC_ALL: 'C' };
  const log: string[] = [];
  let running: ManagedProcess | undefined;
  let starting: Promise<void> | undefined;
  let stopping = false;
  let cancelRestart: (() => void) | undefined;
  let restartDelayMs = 500;

  const spawn = (program: string, args: readonly string[]): ManagedProcess => {
    const child = context.processes.spawn({
      command: path.join(binaries, 'bin', program),
      args,
      cwd: folder,
      env: environment,
      // SIGTERM would wait for every client to go; SIGINT closes their connections.
      stopSignal: 'SIGINT',
      ...account,
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line);
        if (log.length > logLines) log.shift();
      });
    }
    return child;
  };
  const lastLines = (): string => (log.length === 0 ? 'it wrote nothing' : log.slice(-15).join('\n'));

  const launch = async (): Promise<void> => {
    places.prepareSocketFolder();
    clearLeftovers(data, socketFolder);
    log.length = 0;
    const args = Object.entries({ ...settings, unix_socket_directories: socketFolder });
    const child = spawn('postgres', [
      '-D',
      data,
      ...args.flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ]);
    const outcome: { how?: string } = {};
    const exit = child.exited.then(
      ({ code }) => `it exited with ${code}`,
      (error: unknown) => String(error),
    );
    void exit.then((how) => {
      outcome.how = how;
      if (running !== child) return;
      running = undefined;
      if (stopping) return;
      context.log(
        'error',
        `Postgres of ${name} ended by itself (${how}) and is started again:\n${lastLines()}`,
      );
      cancelRestart = clock.after(restartDelayMs, () => {
        start().catch((error: unknown) => {
          context.log('error', String(error));
        });
      });
      restartDelayMs = Math.min(restartDelayMs * 2, longestRestartDelayMs);
    });
    const isReady = (): boolean => {
      const lock = readLock(data);
      return lock?.pid === child.pid && lock.ready;
    };
    while (outcome.how === undefined && !isReady()) await sleep(clock, pollMs);
    if (outcome.how !== undefined)
      throw new Error(`Postgres of ${name} did not start: ${outcome.how}:\n${lastLines()}`);
    running = child;
  };

  const startOnce = async (): Promise<void> => {
    if (!existsSync(data)) throw new Error(`the data of ${name} is gone: there is no ${data}`);
    const crashed = readLock(data) !== undefined;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await launch();
        return;
      } catch (error) {
        if (stopping || !crashed || attempt === startAttempts) throw error;
        await sleep(clock, retryMs);
      }
    }
  };

  const start = (): Promise<void> => {
    if (stopping) return Promise.reject(new Error(`Postgres of ${name} has been stopped`));
    if (running) return Promise.resolve();
    starting ??= startOnce().finally(() => {
      starting = undefined;
    });
    return starting;
  };

  return {
    async initialise() {
      if (existsSync(data)) return;
      privateFolder(folder, account);
      writeFileSync(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
      if (account) chownSync(passwordFile, account.uid, account.gid);
      // Renamed when complete, so that a cluster is there as a whole or not at all.
      const draft = `${data}.new`;
      rmSync(draft, { recursive: true, force: true });
      const child = spawn('initdb', [
        `--pgdata=${draft}`,
        `--username=${administrator}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--wal-segsize=1',
        '--no-instructions',
      ]);
      const { code } = await child.exited;
      if (code !== 0) throw new Error(`initdb of ${name} in ${draft} exited with ${code}:\n${lastLines()}`);
      renameSync(draft, data);
    },
    start,
    async query(statement, values = []) {
      await start();
      const client = new pg.Client({
        host: socketFolder,
        user: administrator,
        password: readFileSync(passwordFile, 'utf8'),
        database: 'postgres',
      });
      // A server that goes away fails the query; without a listener it would also end this process.
      client.on('error', () => undefined);
      await client.connect();
      try {
        const { rows } = await client.query<Record<string, unknown>>(statement, [...values]);
        return rows;
      } finally {
        await client.end();
      }
    },
    async stop() {
      stopping = true;
      cancelRestart?.();
      await starting?.catch(() => undefined);
      await running?.stop(stopGraceMs);
      running = undefined;
    },
  };
}
