import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { otlpEnv, pointsOf, spansOf } from 'slipway-telemetry/testing/otlp.ts';
import { startReceiver } from 'slipway-telemetry/testing/receiver.ts';
import { dsnOf, eventsOf, placeOf } from 'slipway-telemetry/testing/sentry.ts';
import { tryOutages } from 'slipway-telemetry/testing/try-outages.ts';
import type { RunningService } from 'slipway-telemetry/testing/try-outages.ts';
import { build } from '../../build.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { spawnService, startService, stopService } from '../support/service.ts';
import { connectClient } from '../support/stream-client.ts';
import { until } from '../support/until.ts';

const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let postgres: Postgres;
let database: Record<string, string>;
let folder: string;
let board: Client;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'board-streaming-'));
  [postgres] = await Promise.all([startPostgres(), build(join(folder, 'dist'))]);
  database = await postgres.createDatabase('board');
  const { host, port, user, password } = postgres;
  board = new Client({ host, port, user, password, database: 'board' });
  await board.connect();
  await board.query(
    'create table messages (id bigint generated always as identity primary key, author text not null, text text not null, created_at timestamptz not null default now())',
  );
});
after(async () => {
  await board?.end();
  await postgres?.close();
  await rm(folder, { recursive: true, force: true });
});

/** As the api does it. Returns the id. */
async function post(traceparent?: string): Promise<number> {
  const { rows } = await board.query<{ id: string }>(
    `with added as (insert into messages (author, text) values ('Ada', 'hello') returning id)
     select id, pg_notify('messages', concat_ws(' ', id, $1::text)) from added`,
    [traceparent],
  );
  return Number(rows[0]?.id);
}

const dist = () => join(folder, 'dist');
const begin = async (from: string, env: Readonly<Record<string, string>>): Promise<RunningService> => {
  const service = await startService({ ...database, ...env }, join(from, 'server.js'));
  // Only then is it healthy.
  await until(
    () => service.logs,
    (logs) => logs.some(({ message }) => message === 'listening on the database'),
  );
  return service;
};

async function use(service: Pick<RunningService, 'url'>): Promise<void> {
  const client = await connectClient(service);
  await until(
    () => client.frames,
    (frames) => frames.some(({ type }) => type === 'ready'),
  );
  await post();
  await until(client.texts, (texts) => texts.length > 0);
  client.socket.close();
  await client.closed;
}

test('no telemetry backend can keep streaming from its work', { timeout: 300_000 }, (t) =>
  tryOutages(t, { dist: dist(), start: begin, use }),
);

test('the built streaming exports connections, deliveries in the trace of their message, and errors', async (t) => {
  const receiver = await startReceiver();
  t.after(receiver.close);
  const service = await begin(dist(), { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) });
  t.after(() => service.kill('SIGKILL'));
  await until(
    () => service.logs.map(({ message }) => message).join(),
    (said) => said.includes('telemetry: traces, metrics by') && said.includes('telemetry: errors to'),
  );
  const first = await connectClient(service, '?after=0');
  const second = await connectClient(service);
  for (const client of [first, second])
    await until(
      () => client.frames,
      (frames) => frames.some(({ type }) => type === 'ready'),
    );
  const missed = first.texts().length;
  const id = await post(`00-${parent.traceId}-${parent.spanId}-01`);
  await until(first.texts, (texts) => texts.length > missed);

  const delivery = await receiver.until(
    () => spansOf(receiver).find(({ name }) => name === 'deliver messages'),
    'the delivery',
  );
  assert.deepEqual(
    [delivery.traceId, delivery.parentSpanId, delivery.kind],
    [parent.traceId, parent.spanId, 5],
  );
  assert.deepEqual(
    [delivery.attributes['messaging.message.id'], delivery.attributes['board.clients']],
    [String(id), 2],
  );
  // Who catches up does so within the trace of its own connection.
  const handshakes = spansOf(receiver).filter(({ name }) => name === 'GET /stream');
  const catchUp = spansOf(receiver).find(({ name }) => name === 'SELECT messages');
  assert.equal(handshakes.length, 2);
  if (missed > 0) assert.ok(handshakes.some(({ spanId }) => spanId === catchUp?.parentSpanId));

  const last = (metric: string) => pointsOf(receiver).findLast((point) => point.metric === metric);
  await receiver.until(
    () => (last('websocket.server.active_connections')?.value === 2 ? true : undefined),
    'two connections',
  );
  await receiver.until(
    () => (last('websocket.server.messages')?.value === missed + 2 ? true : undefined),
    'every message that was sent',
  );
  await receiver.until(() => last('nodejs.eventloop.delay.p99'), 'the event loop');
  assert.ok(Number(last('websocket.server.handshake.duration')?.count) >= 2);
  for (const { socket } of [first, second]) {
    socket.close();
    await once(socket, 'close');
  }
  await receiver.until(
    () => (last('websocket.server.active_connections')?.value === 0 ? true : undefined),
    'no connection',
  );
  assert.deepEqual(await stopService({ ...service }), { code: 0, signal: null, stderr: '' });
  assert.deepEqual(
    service.logs.filter(({ severity }) => severity !== 'INFO'),
    [],
  );

  const broken = { ...database, DATABASE_NAME: '', SENTRY_DSN: dsnOf(receiver), COMMIT_SHA: 'f'.repeat(40) };
  assert.equal((await spawnService(broken, join(dist(), 'server.js')).exited).code, 1);
  const [event] = eventsOf(receiver);
  assert.equal(event?.release, 'f'.repeat(40));
  assert.match(placeOf(event)?.context_line ?? '', /^ {4}throw new ConfigError\(/);
});
