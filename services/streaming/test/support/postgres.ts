import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

export interface Postgres {
  readonly host: string;
  /** The folder of its Unix socket. */
  readonly socketFolder: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Creates an empty database. Returns what a service's environment says of it. */
  readonly createDatabase: (name: string) => Promise<Record<string, string>>;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Stops it for good and removes its folder. */
  readonly close: () => Promise<void>;
}

/** Starts a real Postgres that ends with this process, however that ends. */
export async function startPostgres(): Promise<Postgres> {
  // A group of its own: Ctrl-C must not end it before it has cleaned up.
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'postgres-guard.ts')], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_V8_COVERAGE: undefined },
  });
  const exited = new Promise<void>((resolve) => guard.once('exit', () => resolve()));
  const lines = createInterface(guard.stdout)[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new Error('Postgres could not be started: its log is above');
    return line.value;
  };
  const command = async (name: string): Promise<void> => {
    guard.stdin.write(`${name}\n`);
    await nextLine();
  };

  const address: Pick<Postgres, 'host' | 'socketFolder' | 'port' | 'user' | 'password'> = JSON.parse(
    await nextLine(),
  );
  const { host, port, user, password } = address;
  return {
    ...address,
    async createDatabase(name) {
      const client = new Client({ host, port, user, password, database: 'postgres' });
      await client.connect();
      await client.query(`create database ${client.escapeIdentifier(name)}`);
      await client.end();
      return {
        DATABASE_HOST: host,
        DATABASE_PORT: String(port),
        DATABASE_NAME: name,
        DATABASE_USER: user,
        DATABASE_PASSWORD: password,
      };
    },
    stop: () => command('stop'),
    start: () => command('start'),
    async close() {
      guard.stdin.end();
      await exited;
    },
  };
}
