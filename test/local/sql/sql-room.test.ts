import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { createSqlRoom, type SqlRoom } from '../../../local/sql/sql-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

interface Operation {
  name: string;
  status: string;
  operationType: string;
  targetId: string;
  error?: { message: string; errors: { code: string; message: string }[] };
}

/** Every answer read by these tests, in one. */
interface Body extends Operation {
  items: { name: string }[];
}

const connection = 'p1:europe-west1:main';

let cloud: TestCloud;
let sql: SqlRoom;

async function call(method: string, url: string, body?: unknown): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${cloud.context.origin}${url}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

/** The operation once it is done, asked for as clients do. */
async function done(operation: Operation): Promise<Operation> {
  for (;;) {
    const { body } = await call('GET', `/sql/v1beta4/projects/p1/operations/${operation.name}`);
    if (body.status === 'DONE') return body;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const instancesUrl = '/sql/v1beta4/projects/p1/instances';
const newInstance = {
  name: 'main',
  region: 'europe-west1',
  databaseVersion: 'POSTGRES_18',
  settings: { tier: 'db-f1-micro' },
  rootPassword: 'root secret',
};

async function connect(user: string, password: string, database: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: String(sql.sockets.socketFolder(connection)),
    user,
    password,
    database,
  });
  await client.connect();
  return client;
}

async function rows(user: string, password: string, database: string, statement: string): Promise<unknown[]> {
  const client = await connect(user, password, database);
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

beforeAll(async () => {
  cloud = await testCloud();
  // As the state folder of a checkout is: others may pass through.
  chmodSync(cloud.stateFolder, 0o755);
  sql = createSqlRoom(cloud.context);
  await cloud.serve([sql.room]);
  const { status, body } = await call('POST', instancesUrl, newInstance);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    kind: 'sql#operation',
    status: 'PENDING',
    operationType: 'CREATE',
    targetId: 'main',
  });
  expect(await done(body)).not.toHaveProperty('error');
}, 30_000);

afterAll(async () => {
  await cloud.close();
});

describe('instances', () => {
  test('get and list, in both forms of the API', async () => {
    const { body } = await call('GET', `${instancesUrl}/main`);
    expect(body).toMatchObject({
      kind: 'sql#instance',
      state: 'RUNNABLE',
      connectionName: connection,
      databaseVersion: 'POSTGRES_18',
      databaseInstalledVersion: expect.stringMatching(/^POSTGRES_18_\d+$/),
      settings: { tier: 'db-f1-micro' },
    });
    expect((await call('GET', '/v1/projects/p1/instances')).body).toEqual({
      kind: 'sql#instancesList',
      items: [body],
    });
    expect((await call('GET', '/v1/projects/p2/instances')).body).toMatchObject({ items: [] });
  });

  test('the socket is short, private, and the only way in', async () => {
    const folder = String(sql.sockets.socketFolder(connection));
    expect(Buffer.byteLength(`${folder}/.s.PGSQL.5432`)).toBeLessThan(104);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(await rows('postgres', 'root secret', 'postgres', 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '' },
    ]);
    expect(sql.sockets.socketFolder('p1:europe-west1:none')).toBeUndefined();
    await expect(connect('postgres', 'wrong', 'postgres')).rejects.toThrow('password authentication failed');
  });

  test('the data is below the state folder, which the account of Postgres can reach', () => {
    expect(readdirSync(path.join(cloud.stateFolder, 'sql', 'clusters'))).toEqual(['p1~main']);
  });

  test.each<[string, unknown, number, string]>([
    ['MySQL', { ...newInstance, name: 'other', databaseVersion: 'MYSQL_8_0' }, 501, 'MYSQL_8_0'],
    ['no version', { ...newInstance, name: 'other', databaseVersion: undefined }, 400, 'databaseVersion'],
    ['no tier', { ...newInstance, name: 'other', settings: {} }, 400, 'tier'],
    ['a folder as name', { ...newInstance, name: '../x' }, 400, 'Invalid instance name'],
    ['one that is there', newInstance, 409, 'already exists'],
  ])('refuses %s', async (_, body, status, message) => {
    const answer = await call('POST', instancesUrl, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error?.message).toContain(message);
  });

  test.each(['/instances/none', '/instances/none/databases', '/operations/none'])(
    '%s is not there',
    async (url) => {
      expect((await call('GET', `/sql/v1beta4/projects/p1${url}`)).status).toBe(404);
    },
  );
});

describe('databases and users', () => {
  test('a user of the API works in a database of the API; odd names and passwords are just names', async () => {
    const name = 'app "db"; --';
    const password = `it's "odd" \\ €`;
    expect(
      await done((await call('POST', `${instancesUrl}/main/databases`, { name })).body),
    ).not.toHaveProperty('error');
    expect(
      await done((await call('POST', `${instancesUrl}/main/users`, { name: 'o"user', password })).body),
    ).not.toHaveProperty('error');
    const client = await connect('o"user', password, name);
    await client.query('CREATE TABLE notes (id int PRIMARY KEY, text text)');
    await client.query(`INSERT INTO notes VALUES (1, 'ÄÖ')`);
    expect((await client.query<object>('SELECT lower(text) AS text FROM notes')).rows).toEqual([
      { text: 'äö' },
    ]);
    await client.end();
    const url = `${instancesUrl}/main/databases/${encodeURIComponent(name)}`;
    expect((await call('GET', url)).body).toMatchObject({
      kind: 'sql#database',
      name,
      charset: 'UTF8',
    });
    const listed = await call('GET', `${instancesUrl}/main/databases`);
    expect(listed.body.items.map((item) => item.name)).toEqual([name, 'postgres']);
    const users = await call('GET', `${instancesUrl}/main/users`);
    expect(users.body.items.map((item) => item.name)).toEqual(['o"user', 'postgres']);
  });

  test('a new password replaces the old one', async () => {
    const begun = await call('PUT', `${instancesUrl}/main/users?name=postgres`, {
      password: 'newer',
    });
    expect(begun.body.operationType).toBe('UPDATE_USER');
    await done(begun.body);
    await expect(connect('postgres', 'root secret', 'postgres')).rejects.toThrow(
      'password authentication failed',
    );
    expect(await rows('postgres', 'newer', 'postgres', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a database that is there fails the operation with what Postgres says', async () => {
    const { body } = await call('POST', `${instancesUrl}/main/databases`, { name: 'postgres' });
    expect((await done(body)).error?.errors[0]?.message).toBe('database "postgres" already exists');
  });

  test.each<[string, string, string, unknown, number]>([
    ['a collation it has not', 'POST', 'databases', { name: 'x', collation: 'de_DE.UTF8' }, 501],
    ['another charset', 'POST', 'databases', { name: 'x', charset: 'LATIN1' }, 501],
    ['a name that Postgres would cut', 'POST', 'databases', { name: 'x'.repeat(64) }, 400],
    ['an IAM user', 'POST', 'users', { name: 'x', type: 'CLOUD_IAM_USER' }, 501],
    ['a name of its own', 'POST', 'users', { name: 'cloudsqladmin', password: 'x' }, 400],
    ['a user that is not there', 'PUT', 'users?name=none', { password: 'x' }, 404],
    ['the administrator', 'PUT', 'users?name=cloudsqladmin', { password: 'x' }, 404],
  ])('refuses %s', async (_, method, url, body, status) => {
    expect((await call(method, `${instancesUrl}/main/${url}`, body)).status).toBe(status);
  });

  test('no password is in the state', () => {
    const files = readdirSync(cloud.stateFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json'))
      .map((file) => readFileSync(path.join(cloud.stateFolder, file), 'utf8'));
    expect(files.join('\n')).not.toMatch(/root secret|newer|odd.*€|SCRAM/);
  });
});

describe('restarts', () => {
  const restart = async (): Promise<void> => {
    cloud = await testCloud({ stateFolder: cloud.stateFolder });
    sql = createSqlRoom(cloud.context);
    await cloud.serve([sql.room]);
  };
  const postgresPid = (): number =>
    Number(
      readFileSync(path.join(cloud.stateFolder, 'sql/clusters/p1~main/data/postmaster.pid'), 'utf8').split(
        '\n',
      )[0],
    );

  test('an orderly end does not wait for clients; everything is there again', async () => {
    const client = await connect('postgres', 'newer', 'postgres');
    client.on('error', () => undefined);
    await client.query('CREATE TABLE kept AS SELECT 42 AS answer');
    const folder = String(sql.sockets.socketFolder(connection));
    const began = Date.now();
    await cloud.close({ keepState: true });
    expect(Date.now() - began).toBeLessThan(4_000);
    expect(existsSync(folder)).toBe(false);
    await restart();
    expect(sql.sockets.socketFolder(connection)).toBe(folder);
    await call('GET', `${instancesUrl}/main/databases`);
    expect(await rows('postgres', 'newer', 'postgres', 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('a server that is killed comes up again, with every committed row', async () => {
    await rows('postgres', 'newer', 'postgres', 'INSERT INTO kept VALUES (43)');
    const before = postgresPid();
    process.kill(before, 'SIGKILL');
    for (;;) {
      const { status } = await call('GET', `${instancesUrl}/main/databases`);
      if (status === 200 && postgresPid() !== before) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await rows('postgres', 'newer', 'postgres', 'SELECT answer FROM kept ORDER BY 1')).toEqual([
      { answer: 42 },
      { answer: 43 },
    ]);
  });

  test('a start that fails says what the server said', async () => {
    const file = path.join(cloud.stateFolder, 'sql/clusters/p1~main/data/postgresql.conf');
    await cloud.close({ keepState: true });
    const good = readFileSync(file);
    writeFileSync(file, `${good.toString()}\nno_such_setting = 1\n`);
    await restart();
    const answer = await call('GET', `${instancesUrl}/main/databases`);
    expect(answer.status).toBe(500);
    expect(answer.body.error?.message).toContain('no_such_setting');
    expect(cloud.logged.join('\n')).toContain('no_such_setting');
    writeFileSync(file, good);
    expect((await call('GET', `${instancesUrl}/main/databases`)).status).toBe(200);
  });

  test('a creation that was cut short is taken up again', async () => {
    const { body } = await call('POST', instancesUrl, { ...newInstance, name: 'second' });
    await cloud.close({ keepState: true });
    await restart();
    expect(await done(body)).not.toHaveProperty('error');
    expect((await call('GET', `${instancesUrl}/second`)).body).toMatchObject({ state: 'RUNNABLE' });
  }, 20_000);

  test('what is deleted is gone, and its name is free', async () => {
    const { body } = await call('DELETE', `${instancesUrl}/second`);
    expect(await done(body)).toMatchObject({ operationType: 'DELETE', status: 'DONE' });
    expect((await call('GET', `${instancesUrl}/second`)).status).toBe(404);
    expect(readdirSync(path.join(cloud.stateFolder, 'sql', 'clusters'))).toEqual(['p1~main']);
    expect(sql.sockets.socketFolder('p1:europe-west1:second')).toBeUndefined();
  });
});

test('a state folder that the account of Postgres cannot enter', async () => {
  const closed = await testCloud();
  chmodSync(closed.stateFolder, 0o700);
  const room = createSqlRoom(closed.context);
  await closed.serve([room.room]);
  const post = (): Promise<Response> =>
    fetch(`${closed.context.origin}${instancesUrl}`, { method: 'POST', body: JSON.stringify(newInstance) });
  expect((await post()).status).toBe(200);
  const folder = String(room.sockets.socketFolder(connection));
  for (;;) {
    const answer = await fetch(`${closed.context.origin}${instancesUrl}/main`);
    const { state } = (await answer.json()) as { state: string };
    if (state !== 'PENDING_CREATE') {
      expect(state).toBe('RUNNABLE');
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const isRoot = process.getuid?.() === 0;
  expect(existsSync(path.join(closed.stateFolder, 'sql/clusters/p1~main'))).toBe(!isRoot);
  expect(existsSync(`${folder}-data`)).toBe(isRoot);
  expect(closed.logged.some((line) => line.includes(`${folder}-data`))).toBe(isRoot);
  await closed.close();
  rmSync(path.dirname(folder), { recursive: true, force: true });
}, 20_000);
