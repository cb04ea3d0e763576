import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { build } from '../../build.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { spawnService, startService, stopService } from '../support/service.ts';
import { until } from '../support/until.ts';

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.close());

async function query<T>(database: string, sql: string): Promise<readonly T[]> {
  const { host, port, user, password } = postgres;
  const client = new Client({ host, port, user, password, database });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const versions = (database: string) =>
  query<{ version: number }>(database, 'select version from schema_migrations order by version');

describe('starting', () => {
  for (const name of ['DATABASE_HOST', 'DATABASE_NAME', 'DATABASE_USER', 'DATABASE_PASSWORD']) {
    test(`without ${name}: exits with 1 and one line that names it`, async () => {
      const complete = {
        DATABASE_HOST: '127.0.0.1',
        DATABASE_NAME: 'board',
        DATABASE_USER: 'board',
        DATABASE_PASSWORD: 'never shown',
      };
      const { code, stderr } = await spawnService({ ...complete, [name]: '' }).exited;
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`^environment variable ${name} is not set: .+\n$`));
      assert.doesNotMatch(stderr, /never shown/);
    });
  }

  test('with a wrong password: exits with 1 and one line without it', async () => {
    const database = await postgres.createDatabase('wrong_password');
    const { code, stderr } = await spawnService({ ...database, DATABASE_PASSWORD: 'never shown' }).exited;
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^the database refused the migrations: password authentication failed for user "board"\n$/,
    );
  });

  test('two instances at once migrate a new database once', async () => {
    const database = await postgres.createDatabase('twins');
    const twins = await Promise.all([startService(database), startService(database)]);
    for (const twin of twins) assert.equal((await fetch(`${twin.url}/health`)).status, 200);
    const said = twins.flatMap(({ logs }) => logs.map(({ message }) => message));
    assert.equal(said.filter((message) => message === 'applied 0001_messages.sql').length, 1);
    assert.equal(said.filter((message) => message === 'the schema is up to date').length, 1);
    assert.deepEqual(await versions('twins'), [{ version: 1 }]);
    await Promise.all(twins.map(stopService));
  });

  test('over a newer schema: leaves it alone and serves', async () => {
    const database = await postgres.createDatabase('newer');
    await stopService(await startService(database));
    await query('newer', "insert into schema_migrations (version, name) values (99, '0099_future.sql')");
    const service = await startService(database);
    const body = (await (await fetch(`${service.url}/health`)).json()) as {
      status: string;
      schemaVersion: number;
    };
    assert.equal(body.status, 'ok');
    assert.equal(body.schemaVersion, 99);
    await stopService(service);
  });

  test('when a migration fails: exits with 1, and nothing of it stays', async () => {
    const database = await postgres.createDatabase('conflict');
    await query('conflict', 'create table messages (something_else text)');
    const { code, stderr } = await spawnService(database).exited;
    assert.equal(code, 1);
    assert.match(stderr, /^the database refused the migrations: relation "messages" already exists\n$/);
    assert.deepEqual(await query('conflict', "select to_regclass('schema_migrations') as it"), [
      { it: null },
    ]);
  });

  test('before its database: listens, says 503, and migrates when the database is there', async () => {
    const database = await postgres.createDatabase('late');
    await postgres.stop();
    const service = await startService(database);
    const health = () => fetch(`${service.url}/health`).then(({ status }) => status);
    assert.equal(await health(), 503);
    await postgres.start();
    await until(health, (status) => status === 200);
    assert.deepEqual(await versions('late'), [{ version: 1 }]);
    assert.equal((await stopService(service)).code, 0);
  });

  test('a database that stays away does not hold up the shutdown', async () => {
    const database = await postgres.createDatabase('away');
    const service = await startService({ ...database, DATABASE_PORT: '1' });
    const started = performance.now();
    const { code, stderr } = await stopService(service);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    assert.ok(performance.now() - started < 3000);
  });

  test('the bundle runs alone, over the Unix socket of its database', async () => {
    // Away from this package's node_modules, and removed together with Postgres.
    const app = join(postgres.socketFolder, 'app');
    await build(app);
    assert.deepEqual((await readdir(app)).toSorted(), [
      'chunks',
      'migrations',
      'package.json',
      'server.js',
      'server.js.map',
    ]);
    const database = await postgres.createDatabase('bundled');
    const service = await startService(
      { ...database, DATABASE_HOST: postgres.socketFolder },
      join(app, 'server.js'),
    );
    assert.equal((await fetch(`${service.url}/health`)).status, 200);
    assert.deepEqual(await versions('bundled'), [{ version: 1 }]);
    assert.deepEqual(await stopService(service), { code: 0, signal: null, stderr: '' });
  });
});

describe('SIGTERM', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal}: an idle kept-alive connection does not hold it up`, async () => {
      const database = await postgres.createDatabase(`idle_${signal.toLowerCase()}`);
      const service = await startService(database);
      const agent = new Agent({ keepAlive: true });
      const response = await new Promise<IncomingMessage>((resolve) =>
        request(service.url, { agent }, resolve).end(),
      );
      response.resume();
      const started = performance.now();
      service.kill(signal);
      assert.deepEqual(await service.exited, { code: 0, signal: null, stderr: '' });
      assert.ok(performance.now() - started < 3000);
      agent.destroy();
    });
  }

  test('lets a request under way finish, and takes no new one', async () => {
    const database = await postgres.createDatabase('under_way');
    const service = await startService(database);
    const agent = new Agent({ keepAlive: true });
    const body = JSON.stringify({ author: 'Ada', text: 'just in time' });
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) };
    const posting = request(`${service.url}/messages`, { agent, method: 'POST', headers });
    const answered = new Promise<IncomingMessage>((resolve) => posting.once('response', resolve));
    // The first half of the body, over a connection that the server has surely accepted.
    posting.write(body.slice(0, 10));
    await until(
      () => posting.socket?.bytesWritten ?? 0,
      (bytes) => bytes > 0,
    );
    assert.equal((await fetch(`${service.url}/health`)).status, 200);

    service.kill('SIGTERM');
    await until(() => service.logs.some(({ message }) => message === 'shutting down'), Boolean);
    await until(
      () =>
        fetch(service.url).then(
          () => 'accepted',
          () => 'refused',
        ),
      (result) => result === 'refused',
    );
    posting.end(body.slice(10));
    const response = await answered;
    assert.equal(response.statusCode, 201);
    response.resume();
    assert.deepEqual(await service.exited, { code: 0, signal: null, stderr: '' });
    assert.deepEqual(await query('under_way', 'select text from messages'), [{ text: 'just in time' }]);
    agent.destroy();
  });
});
