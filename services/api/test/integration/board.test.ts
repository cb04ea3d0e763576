import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import type { Message } from '../../src/message.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { startService, stopService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { until } from '../support/until.ts';

interface Page {
  readonly messages: readonly Message[];
  readonly more: boolean;
}

let postgres: Postgres;
let api: Service;
let database: Record<string, string>;
before(async () => {
  postgres = await startPostgres();
  database = await postgres.createDatabase('board');
  api = await startService({ ...database, K_REVISION: 'api-00007-abc', COMMIT_SHA: 'f'.repeat(40) });
});
after(async () => {
  if (api) await stopService(api);
  await postgres?.close();
});

async function post(author: string, text: string): Promise<Message> {
  const response = await fetch(`${api.url}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ author, text }),
  });
  assert.equal(response.status, 201);
  return response.json() as Promise<Message>;
}

async function page(query = ''): Promise<Page> {
  const response = await fetch(`${api.url}/messages${query}`);
  assert.equal(response.status, 200);
  return response.json() as Promise<Page>;
}

const health = async () => {
  const response = await fetch(`${api.url}/health`);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const { host, port, user, password } = postgres;
  const client = new Client({ host, port, user, password, database: 'board' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the board', () => {
  test('describes itself', async () => {
    const response = await fetch(api.url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-revision'), 'api-00007-abc');
    assert.equal(((await response.json()) as { service: string }).service, 'api');
  });

  test('is healthy, and says what it is', async () => {
    const { status, body } = await health();
    assert.equal(status, 200);
    const { startedAt, ...rest } = body;
    assert.deepEqual(rest, {
      status: 'ok',
      schemaVersion: 1,
      revision: 'api-00007-abc',
      commit: 'f'.repeat(40),
    });
    assert.ok(Math.abs(Date.now() - Date.parse(String(startedAt))) < 60_000);
  });

  test('is empty at first', async () => assert.deepEqual(await page(), { messages: [], more: false }));

  test('keeps what is posted, in pages after a cursor', async () => {
    const posted: Message[] = [];
    for (const text of ['one', "two'; drop table messages; --", 'three\nlines 🦊', 'four', 'five'])
      posted.push(await post('Ada', text));
    const first = posted[0]?.id ?? 0;
    assert.deepEqual(await page(), { messages: posted, more: false });
    assert.deepEqual(await page('?limit=2'), { messages: posted.slice(3), more: false });
    assert.deepEqual(await page(`?after=${first}&limit=2`), { messages: posted.slice(1, 3), more: true });
    assert.deepEqual(await page(`?after=${first}&limit=4`), { messages: posted.slice(1), more: false });
    assert.deepEqual(await page(`?after=${posted.at(-1)?.id}`), { messages: [], more: false });
  });

  test('refuses a bad message by naming the field, and stores nothing', async () => {
    const earlier = await page();
    const response = await fetch(`${api.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ author: 'Ada', text: '   ' }),
    });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), { error: 'text must not be empty', field: 'text' });
    assert.deepEqual(await page(), earlier);
  });

  test('announces each message once, by its id', async () => {
    await withClient(async (listener) => {
      const announced: string[] = [];
      listener.on('notification', ({ payload }) => announced.push(payload ?? ''));
      await listener.query('listen messages');
      const message = await post('Grace', 'hello');
      await until(
        () => announced,
        (ids) => ids.length > 0,
      );
      await listener.query('select 1');
      assert.deepEqual(announced, [String(message.id)]);
    });
  });

  test('a message never becomes visible before one with a smaller id', async () => {
    await withClient(async (slow) => {
      // What another instance does, stopped just before it commits.
      await slow.query('begin; select pg_advisory_xact_lock(4600002)');
      const { rows } = await slow.query(
        "insert into messages (author, text) values ('Slow', 'first') returning id::int",
      );
      const posting = post('Quick', 'second');
      await withClient((observer) =>
        until(
          async () =>
            (await observer.query("select from pg_locks where locktype = 'advisory' and not granted"))
              .rowCount,
          (waiting) => waiting === 1,
        ),
      );
      await slow.query('commit');
      assert.equal((await posting).id, rows[0].id + 1);
    });
  });

  test('says when its database is gone, and recovers by itself', async () => {
    await postgres.stop();
    const down = await until(health, ({ status }) => status === 503);
    assert.equal(down.body['status'], 'unavailable');
    assert.equal(down.body['revision'], 'api-00007-abc');
    assert.match(
      String(down.body['reason']),
      /^the database cannot be used \((ECONNREFUSED|57P0\d|no answer)\)$/,
    );
    const read = await fetch(`${api.url}/messages`);
    assert.equal(read.status, 503);
    assert.deepEqual(await read.json(), { error: 'the database is not available: try again shortly' });
    await postgres.start();
    await until(health, ({ status }) => status === 200);
    assert.equal((await post('Ada', 'back again')).text, 'back again');
  });

  test('a database that accepts connections and never answers does not hold up the health check', async () => {
    await withClient(async (blocker) => {
      await blocker.query('begin; lock table schema_migrations in access exclusive mode');
      const started = performance.now();
      const { status, body } = await health();
      assert.equal(status, 503);
      assert.equal(body['reason'], 'the database did not answer within 2000 ms');
      assert.ok(performance.now() - started < 4000);
      await blocker.query('rollback');
    });
    await until(health, ({ status }) => status === 200);
  });
});
