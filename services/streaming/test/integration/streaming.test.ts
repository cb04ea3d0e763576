import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { startService, stopService } from '../support/service.ts';
import type { Service } from '../support/service.ts';
import { connectClient, refusedClient } from '../support/stream-client.ts';
import { until } from '../support/until.ts';

let postgres: Postgres;
let streaming: Service;
before(async () => {
  postgres = await startPostgres();
  const database = await postgres.createDatabase('board');
  streaming = await startService({
    ...database,
    K_REVISION: 'streaming-00007-abc',
    COMMIT_SHA: 'f'.repeat(40),
  });
});
after(async () => {
  if (streaming) await stopService(streaming);
  await postgres?.close();
});

async function sql<T = object>(
  ...statements: readonly (string | [string, unknown[]])[]
): Promise<readonly T[]> {
  const { host, port, user, password } = postgres;
  const client = new Client({ host, port, user, password, database: 'board' });
  await client.connect();
  try {
    let rows: readonly T[] = [];
    for (const statement of statements) {
      const [text, values] = typeof statement === 'string' ? [statement, undefined] : statement;
      rows = (await client.query(text, values)).rows;
    }
    return rows;
  } finally {
    await client.end();
  }
}

/** The api's first migration. */
const createTable = `create table messages (
  id bigint generated always as identity primary key,
  author text not null, text text not null, created_at timestamptz not null default now())`;

/** What the api does with a new message. Returns its id. */
async function post(author: string, text: string): Promise<number> {
  const [row] = await sql<{ id: string }>([
    `with added as (insert into messages (author, text) values ($1, $2) returning id)
     select id, pg_notify('messages', id::text) from added`,
    [author, text],
  ]);
  return Number(row?.id);
}

const ask = async (path: string) => {
  const response = await fetch(`${streaming.url}${path}`);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
};
const health = () => ask('/health');
const connections = async () => (await ask('/')).body['connections'];

describe('before the api has made its table', () => {
  test('listens, on an empty board', async () => {
    const { body } = await until(health, ({ status }) => status === 200);
    const { startedAt, ...rest } = body;
    assert.deepEqual(rest, {
      status: 'ok',
      connections: 0,
      revision: 'streaming-00007-abc',
      commit: 'f'.repeat(40),
    });
    assert.ok(Math.abs(Date.now() - Date.parse(String(startedAt))) < 60_000);
    const client = await connectClient(streaming, '?after=0');
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    await sql(createTable);
    const id = await post('Ada', 'the very first');
    await until(client.texts, ({ length }) => length === 1);
    const { createdAt, ...frame } = client.frames[1] as { createdAt: string };
    assert.deepEqual(frame, { type: 'message', id, author: 'Ada', text: 'the very first' });
    assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    client.socket.close();
  });
});

describe('over plain HTTP', () => {
  test('describes itself, with the number of its connections', async () => {
    const client = await connectClient(streaming);
    await until(connections, (count) => count === 1);
    client.socket.close();
    await until(connections, (count) => count === 0);
  });

  test('every answer names the revision', async () => {
    for (const [path, status] of [
      ['/', 200],
      ['/health', 200],
      ['/stream', 426],
      ['/nowhere', 404],
    ] as const) {
      const answer = await ask(path);
      assert.equal(answer.status, status);
      assert.equal(answer.headers.get('x-revision'), 'streaming-00007-abc');
    }
    assert.equal((await fetch(streaming.url, { method: 'POST' })).status, 405);
  });
});

describe('the stream', () => {
  test('sends a new message to every client', async () => {
    const clients = await Promise.all(Array.from({ length: 25 }, () => connectClient(streaming)));
    await until(() => clients.every(({ frames }) => frames.length === 1), Boolean);
    await post('Grace', 'hello, all\n🦊');
    await until(() => clients.every(({ texts }) => texts().length === 1), Boolean);
    assert.deepEqual(new Set(clients.flatMap(({ texts }) => texts())), new Set(['hello, all\n🦊']));
    for (const { socket } of clients) socket.close();
  });

  test('sends a client what it missed since its cursor, then what is new', async () => {
    const seen = await post('Ada', 'seen');
    await post('Ada', 'missed one');
    await post('Ada', 'missed two');
    const client = await connectClient(streaming, `?after=${seen}`);
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    await post('Ada', 'new');
    await until(client.texts, ({ length }) => length === 3);
    assert.deepEqual(client.texts(), ['missed one', 'missed two', 'new']);
    client.socket.close();
  });

  test('sends nothing of a message that was not committed', async () => {
    const client = await connectClient(streaming);
    await until(
      () => client.frames,
      ({ length }) => length === 1,
    );
    await sql(
      'begin',
      "insert into messages (author, text) values ('Ada', 'undone')",
      "select pg_notify('messages', '')",
      'rollback',
    );
    await post('Ada', 'kept');
    await until(client.texts, ({ length }) => length > 0);
    assert.deepEqual(client.texts(), ['kept']);
    client.socket.close();
  });

  test('drops a client that does not read, and goes on with the others', async () => {
    const slow = await connectClient(streaming);
    const quick = await connectClient(streaming);
    await until(() => [slow, quick].every(({ frames }) => frames.length === 1), Boolean);
    slow.socket.pause();
    let posted = 0;
    const flood = async () => {
      posted += 500;
      await sql(
        "insert into messages (author, text) select 'Flood', repeat('🦊', 2000) from generate_series(1, 500)",
        "notify messages, '0'",
      );
      await until(quick.texts, ({ length }) => length === posted);
      return connections();
    };
    await until(flood, (count) => count === 1);
    slow.socket.resume();
    assert.deepEqual(await slow.closed, { code: 1013, reason: 'too slow' });
    await post('Ada', 'still here');
    await until(quick.texts, (texts) => texts.at(-1) === 'still here');
    quick.socket.close();
  });
});

describe('when the listening connection is lost', () => {
  test('nothing that is written meanwhile is lost', async () => {
    const client = await connectClient(streaming);
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    await sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'board-streaming'",
    );
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'interrupted',
    );
    await post('Ada', 'while nobody listened');
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    assert.deepEqual(
      client.frames.map(({ type }) => type),
      ['ready', 'interrupted', 'message', 'ready'],
    );
    await post('Ada', 'and after');
    await until(client.texts, ({ length }) => length === 2);
    assert.deepEqual(client.texts(), ['while nobody listened', 'and after']);
    client.socket.close();
  });

  test('says when the database is gone, takes no new clients, and recovers by itself', async () => {
    const client = await connectClient(streaming);
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    await postgres.stop();
    const { body } = await until(health, ({ status }) => status === 503);
    assert.equal(body['status'], 'unavailable');
    assert.match(
      String(body['reason']),
      /^not listening on the database \((ECONNREFUSED|57P0\d|no answer)\)$/,
    );
    const { headers, ...refusal } = await refusedClient(streaming, '/stream');
    assert.deepEqual(refusal, { status: 503, error: 'not listening on the database: try again shortly' });
    assert.equal(headers['x-revision'], 'streaming-00007-abc');
    await postgres.start();
    await until(health, ({ status }) => status === 200);
    await post('Ada', 'back again');
    await until(client.texts, (texts) => texts.includes('back again'));
    client.socket.close();
  });
});
