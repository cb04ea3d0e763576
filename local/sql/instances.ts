import { rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { ApiError } from '../core/api-error.ts';
import { timestamp } from '../core/clock.ts';
import type { CloudContext } from '../core/context.ts';
import type { Table } from '../core/state.ts';
import {
  canEnter,
  copyOnce,
  postgresAccount,
  temporaryPlaces,
  type Account,
  type TemporaryPlaces,
} from './postgres-account.ts';
import { findPostgres } from './postgres-binaries.ts';
import { createPostgresServer, type PostgresServer } from './postgres-server.ts';
import type { NewInstance } from './requests.ts';

export interface Instance {
  readonly project: string;
  readonly name: string;
  readonly region: string;
  readonly databaseVersion: string;
  readonly installedVersion: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly state: 'PENDING_CREATE' | 'RUNNABLE' | 'PENDING_DELETE' | 'FAILED';
  readonly createTime: string;
  /** The cluster's folder: chosen once, because the data is there. */
  readonly folder: string;
}

export interface Instances {
  add(project: string, request: NewInstance): Instance;
  has(project: string, name: string): boolean;
  /** Throws NOT_FOUND. */
  get(project: string, name: string): Instance;
  list(project?: string): Instance[];
  setState(instance: Instance, state: Instance['state']): void;
  server(instance: Instance): PostgresServer;
  /** Makes the cluster and the roles every Cloud SQL instance has; what is there already stays. */
  create(instance: Instance, rootVerifier: string | undefined): Promise<void>;
  /** Stops the server and removes all its data. */
  remove(instance: Instance): Promise<void>;
  socketFolder(instance: Instance): string;
  stop(): Promise<void>;
}

const keyOf = (project: string, name: string): string => `${project}/${name}`;

/** The role whose members API-made users are; it owns the databases, so that they may use their public schemas. */
export const superuser = 'cloudsqlsuperuser';

/** States in one statement what a user is: made or changed. `verifier` absent leaves the password as it is. */
export async function putUser(server: PostgresServer, user: string, verifier?: string): Promise<void> {
  const name = pg.escapeIdentifier(user);
  const known = await server.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [user]);
  if (known.length === 0)
    await server.query(`CREATE ROLE ${name} LOGIN CREATEDB CREATEROLE IN ROLE ${superuser}`);
  if (verifier !== undefined) await server.query(`ALTER ROLE ${name} PASSWORD ${pg.escapeLiteral(verifier)}`);
}

export function createInstances(context: CloudContext, table: Table<Instance>): Instances {
  const clusters = context.folder('sql', 'clusters');
  const servers = new Map<string, PostgresServer>();
  let setting:
    { account: Account | undefined; places: TemporaryPlaces; binaries: string; version: string } | undefined;

  /** Found out when first needed: whoever uses no database needs no Postgres. */
  const setUp = (): NonNullable<typeof setting> => {
    if (setting) return setting;
    const { folder, version } = findPostgres();
    const account = postgresAccount();
    const places = temporaryPlaces(clusters, account);
    places.prepare();
    const binaries = canEnter(path.join(folder, 'bin'), account)
      ? folder
      : copyOnce(folder, places.folder, version);
    setting = { account, places, binaries, version };
    return setting;
  };

  const save = (instance: Instance): void => {
    table.set(keyOf(instance.project, instance.name), instance);
  };

  const server = (instance: Instance): PostgresServer => {
    const key = keyOf(instance.project, instance.name);
    const known = servers.get(key);
    if (known) return known;
    const { account, places, binaries } = setUp();
    const made = createPostgresServer(context, key, {
      binaries,
      folder: instance.folder,
      socketFolder: places.socketFolder(key),
      prepareSocketFolder: () => {
        places.prepare(key);
      },
      account,
    });
    servers.set(key, made);
    return made;
  };

  return {
    server,
    add(project, { name, region, databaseVersion, settings }) {
      const key = keyOf(project, name);
      if (table.get(key))
        throw new ApiError('ALREADY_EXISTS', `The Cloud SQL instance ${name} already exists.`);
      const { account, places, version } = setUp();
      const own = path.join(clusters, `${project}~${name}`);
      const reachable = canEnter(own, account);
      const folder = reachable ? own : `${places.socketFolder(key)}-data`;
      if (!reachable) {
        context.log(
          'warning',
          `Postgres cannot run as root, and nobody else may enter ${clusters}: the data of ${name} is in ${folder}`,
        );
      }
      if (!version.startsWith(`${databaseVersion.replace('POSTGRES_', '')}.`))
        context.log(
          'warning',
          `${name} asks for ${databaseVersion} and gets Postgres ${version}, the one there is here`,
        );
      // What lies there belonged to an instance of a state that has been forgotten.
      rmSync(folder, { recursive: true, force: true });
      const instance: Instance = {
        project,
        name,
        region,
        databaseVersion,
        installedVersion: `POSTGRES_${version.replace('.', '_')}`,
        settings,
        state: 'PENDING_CREATE',
        createTime: timestamp(context.clock),
        folder,
      };
      save(instance);
      return instance;
    },
    has: (project, name) => table.get(keyOf(project, name)) !== undefined,
    get(project, name) {
      const instance = table.get(keyOf(project, name));
      if (!instance) throw new ApiError('NOT_FOUND', 'The Cloud SQL instance does not exist.');
      return instance;
    },
    list: (project) =>
      table.values().filter((instance) => project === undefined || instance.project === project),
    setState(instance, state) {
      save({ ...instance, state });
    },
    async create(instance, rootVerifier) {
      const postgres = server(instance);
      await postgres.initialise();
      const roles = await postgres.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [superuser]);
      if (roles.length === 0) await postgres.query(`CREATE ROLE ${superuser} NOLOGIN CREATEDB CREATEROLE`);
      await postgres.query(`ALTER DATABASE postgres OWNER TO ${superuser}`);
      await putUser(postgres, 'postgres', rootVerifier);
    },
    async remove(instance) {
      const key = keyOf(instance.project, instance.name);
      // A cluster that could never be started has to be removable too.
      await servers.get(key)?.stop();
      servers.delete(key);
      rmSync(instance.folder, { recursive: true, force: true });
      setUp().places.remove(key);
      table.delete(key);
    },
    socketFolder: ({ project, name }) => setUp().places.socketFolder(keyOf(project, name)),
    async stop() {
      await Promise.all([...servers.values()].map((one) => one.stop()));
      for (const key of servers.keys()) setting?.places.remove(key);
    },
  };
}
