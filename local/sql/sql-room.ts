import pg from 'pg';
import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import { createKeyedQueue } from '../core/keyed-queue.ts';
import type { SqlSockets } from '../core/links.ts';
import type { ApiRequest, HttpMethod, Room, Route } from '../core/room.ts';
import { createInstances, putUser, superuser, type Instance } from './instances.ts';
import { createSqlOperations, type SqlOperation, type StoredOperation, type Work } from './operations.ts';
import { administrator } from './postgres-server.ts';
import { parseDatabase, parseInstance, parsePassword, parseUser } from './requests.ts';
import { scramVerifier } from './scram.ts';

export interface SqlRoom {
  readonly room: Room;
  readonly sockets: SqlSockets;
}

/** The two forms of one API: `gcloud` uses the first, client libraries the second. */
const prefixes = ['/sql/v1beta4', '/v1'];

const connectionName = ({ project, region, name }: Instance): string => `${project}:${region}:${name}`;

const databases = 'SELECT datname FROM pg_database WHERE NOT datistemplate AND datallowconn';

/** Cloud SQL: the Admin API, and behind every instance a real Postgres on a Unix socket. */
export function createSqlRoom(context: CloudContext): SqlRoom {
  const instances = createInstances(context, context.table<Instance>('sql', 'instances'));
  const operations = createSqlOperations(context, context.table<StoredOperation>('sql', 'operations'));
  const queue = createKeyedQueue();
  const closing = new AbortController();

  const instanceJson = (instance: Instance): Record<string, unknown> => ({
    kind: 'sql#instance',
    name: instance.name,
    project: instance.project,
    region: instance.region,
    gceZone: `${instance.region}-b`,
    databaseVersion: instance.databaseVersion,
    databaseInstalledVersion: instance.installedVersion,
    settings: { kind: 'sql#settings', ...instance.settings },
    state: instance.state,
    connectionName: connectionName(instance),
    backendType: 'SECOND_GEN',
    instanceType: 'CLOUD_SQL_INSTANCE',
    createTime: instance.createTime,
    selfLink: `${context.origin}/sql/v1beta4/projects/${instance.project}/instances/${instance.name}`,
  });

  /** Rows out of the instance's own catalogue, which is the truth about its users and databases. */
  const ask = async (
    { params }: ApiRequest,
    statement: string,
    values?: readonly unknown[],
  ): Promise<{ instance: Instance; rows: Record<string, unknown>[] }> => {
    const instance = runnable(params.project ?? '', params.instance ?? '');
    return { instance, rows: await instances.server(instance).query(statement, values) };
  };

  const runnable = (project: string, name: string): Instance => {
    const instance = instances.get(project, name);
    if (instance.state !== 'RUNNABLE')
      throw new ApiError(
        'FAILED_PRECONDITION',
        `The Cloud SQL instance ${name} is ${instance.state}, not RUNNABLE.`,
      );
    return instance;
  };

  const perform = async (operation: SqlOperation, work: Work, again: boolean): Promise<void> => {
    const { targetProject, targetId } = operation;
    if (again && work.type === 'DELETE' && !instances.has(targetProject, targetId)) return;
    const instance = instances.get(targetProject, targetId);
    switch (work.type) {
      case 'CREATE':
        try {
          await instances.create(instance, work.rootVerifier);
        } catch (error) {
          if (!closing.signal.aborted) instances.setState(instance, 'FAILED');
          throw error;
        }
        instances.setState(instance, 'RUNNABLE');
        return;
      case 'DELETE':
        await instances.remove(instance);
        return;
      case 'CREATE_DATABASE': {
        const server = instances.server(runnable(targetProject, targetId));
        if (again && (await server.query(`${databases} AND datname = $1`, [work.database])).length > 0)
          return;
        await server.query(`CREATE DATABASE ${pg.escapeIdentifier(work.database)} OWNER ${superuser}`);
        return;
      }
      case 'CREATE_USER':
      case 'UPDATE_USER':
        await putUser(instances.server(runnable(targetProject, targetId)), work.user, work.verifier);
    }
  };

  const carryOut = ({ name, targetProject, targetId }: SqlOperation): void => {
    void queue(`${targetProject}/${targetId}`, () => operations.run(name, closing.signal, perform));
  };

  /** Answers with the operation at once; the work is done behind it, one after another for each instance. */
  const begin = (project: string, instance: string, work: Work): SqlOperation => {
    const operation = operations.begin(project, instance, work);
    carryOut(operation);
    return operation;
  };

  const verifierOf = (password: string | undefined): { verifier?: string } =>
    password === undefined ? {} : { verifier: scramVerifier(password) };

  const databaseJson = (instance: Instance, name: unknown): Record<string, unknown> => ({
    kind: 'sql#database',
    name,
    charset: 'UTF8',
    collation: 'C.UTF-8',
    instance: instance.name,
    project: instance.project,
    selfLink: `${context.origin}/sql/v1beta4/projects/${instance.project}/instances/${instance.name}/databases/${encodeURIComponent(String(name))}`,
  });

  const below = (path: string, method: HttpMethod, handle: Route['handle']): Route[] =>
    prefixes.map((prefix) => ({ method, path: `${prefix}/projects/{project}${path}`, handle }));

  const routes: Route[] = [
    ...below('/instances', 'GET', ({ params }) => ({
      kind: 'sql#instancesList',
      items: instances.list(params.project).map(instanceJson),
    })),
    ...below('/instances', 'POST', async (request) => {
      const project = request.params.project ?? '';
      const wanted = parseInstance(await request.json(), context.region);
      const { name } = instances.add(project, wanted);
      const { verifier } = verifierOf(wanted.rootPassword);
      return begin(project, name, {
        type: 'CREATE',
        ...(verifier === undefined ? {} : { rootVerifier: verifier }),
      });
    }),
    ...below('/instances/{instance}', 'GET', ({ params }) =>
      instanceJson(instances.get(params.project ?? '', params.instance ?? '')),
    ),
    ...below('/instances/{instance}', 'DELETE', ({ params }) => {
      const instance = instances.get(params.project ?? '', params.instance ?? '');
      instances.setState(instance, 'PENDING_DELETE');
      return begin(instance.project, instance.name, { type: 'DELETE' });
    }),
    ...below('/instances/{instance}/databases', 'GET', async (request) => {
      const { instance, rows } = await ask(request, `${databases} ORDER BY datname`);
      return { kind: 'sql#databasesList', items: rows.map(({ datname }) => databaseJson(instance, datname)) };
    }),
    ...below('/instances/{instance}/databases', 'POST', async (request) => {
      const { project, name } = runnable(request.params.project ?? '', request.params.instance ?? '');
      return begin(project, name, { type: 'CREATE_DATABASE', database: parseDatabase(await request.json()) });
    }),
    ...below('/instances/{instance}/databases/{database}', 'GET', async (request) => {
      const { database } = request.params;
      const { instance, rows } = await ask(request, `${databases} AND datname = $1`, [database]);
      if (rows.length === 0)
        throw new ApiError('NOT_FOUND', `The database ${database ?? ''} does not exist.`);
      return databaseJson(instance, database);
    }),
    ...below('/instances/{instance}/users', 'GET', async (request) => {
      const statement = 'SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname <> $1 ORDER BY rolname';
      const { instance, rows } = await ask(request, statement, [administrator]);
      const { name, project } = instance;
      return {
        kind: 'sql#usersList',
        items: rows.map(({ rolname }) => ({
          kind: 'sql#user',
          name: rolname,
          host: '',
          instance: name,
          project,
        })),
      };
    }),
    ...below('/instances/{instance}/users', 'POST', async (request) => {
      const { project, name } = runnable(request.params.project ?? '', request.params.instance ?? '');
      const user = parseUser(await request.json());
      return begin(project, name, { type: 'CREATE_USER', user: user.name, ...verifierOf(user.password) });
    }),
    ...below('/instances/{instance}/users', 'PUT', async (request) => {
      const user = request.query.get('name') ?? '';
      const statement = 'SELECT 1 FROM pg_roles WHERE rolcanlogin AND rolname <> $1 AND rolname = $2';
      const { instance, rows } = await ask(request, statement, [administrator, user]);
      if (rows.length === 0) throw new ApiError('NOT_FOUND', `The user ${user} does not exist.`);
      const password = parsePassword(await request.json());
      return begin(instance.project, instance.name, { type: 'UPDATE_USER', user, ...verifierOf(password) });
    }),
    ...below('/operations/{operation}', 'GET', ({ params }) =>
      operations.get(params.project ?? '', params.operation ?? ''),
    ),
  ];

  return {
    room: {
      name: 'sql',
      routes,
      /** Existing instances come up behind the start, so that nothing waits for them. */
      start() {
        for (const instance of instances.list()) {
          if (instance.state !== 'RUNNABLE') continue;
          void queue(`${instance.project}/${instance.name}`, async () => {
            try {
              await instances.server(instance).start();
            } catch (error) {
              context.log('error', `Cloud SQL instance ${connectionName(instance)}: ${String(error)}`);
            }
          });
        }
        for (const operation of operations.unfinished()) carryOut(operation);
      },
      stop() {
        closing.abort();
        return instances.stop();
      },
    },
    sockets: {
      socketFolder(name) {
        const instance = instances.list().find((one) => connectionName(one) === name);
        return instance && instances.socketFolder(instance);
      },
    },
  };
}
