import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { createClientHub } from '../../src/client-hub.ts';
import type { ClientHub } from '../../src/client-hub.ts';
import type { Message } from '../../src/message.ts';
import { createStreamEndpoint } from '../../src/stream-endpoint.ts';
import { connectClient, refusedClient } from '../support/stream-client.ts';
import { until } from '../support/until.ts';

const message = (id: number, text = `message ${id}`): Message => ({
  id,
  author: 'Ada',
  text,
  createdAt: '2026-01-01T00:00:00.000Z',
});
const messages = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

interface Board {
  readonly hub: ClientHub;
  readonly url: string;
  /** What is stored. */
  stored: readonly Message[];
  /** Called before each read; a read waits for it. */
  beforeRead: () => Promise<void>;
  refusal: string | undefined;
  /** What was told of each connection. */
  readonly answers: string[][];
  /** Every message that went out to listeners, as `id: clients`. */
  readonly deliveries: string[];
  /** Frames with messages, and those who are there, by what was told of them. */
  readonly counts: { sent: number; connections: number };
}

/** A hub behind a real server, over a board in memory. */
async function serve(t: TestContext, maxBufferedBytes = 1024 * 1024): Promise<Board> {
  const hub = createClientHub({
    async readMessages(after, limit) {
      await board.beforeRead();
      return board.stored.filter(({ id }) => id > after).slice(0, limit);
    },
    maxBufferedBytes,
    onDelivered: (id, { clients }) => void board.deliveries.push(`${id}: ${clients}`),
    onSent: (count) => void (board.counts.sent += count),
    onConnections: (change) => void (board.counts.connections += change),
  });
  const server = createServer().listen(0, '127.0.0.1');
  server.on(
    'upgrade',
    createStreamEndpoint({
      revision: 'r-1',
      refusal: () => board.refusal,
      begin: () => {
        const told: string[] = [];
        board.answers.push(told);
        return {
          begun: () => void told.push('begun'),
          ended: (outcome) => void told.push(outcome),
          within: (work) => work(),
        };
      },
      onClient: hub.add,
    }),
  );
  await once(server, 'listening');
  const address = server.address();
  t.after(async () => {
    server.close();
    await hub.close(100);
  });
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const board: Board = {
    hub,
    url,
    stored: [],
    beforeRead: async () => {},
    refusal: undefined,
    answers: [],
    deliveries: [],
    counts: { sent: 0, connections: 0 },
  };
  return board;
}

const ids = (from: number, to: number) => messages(from, to).map(({ text }) => text);

describe('createClientHub', () => {
  test('tells what it delivered to how many, and who is there', async (t) => {
    const board = await serve(t);
    board.stored = messages(1, 2);
    board.hub.resume(2);
    const live = await connectClient({ url: board.url });
    const behind = await connectClient({ url: board.url }, '?after=0');
    await until(
      () => board.answers.flat().filter((told) => told === 'ok').length,
      (ready) => ready === 2,
    );
    assert.deepEqual(board.counts, { sent: 2, connections: 2 });
    board.hub.broadcast(messages(3, 3));
    assert.deepEqual(board.deliveries, ['3: 2']);
    assert.deepEqual(board.counts, { sent: 4, connections: 2 });
    for (const { socket } of [live, behind]) socket.close();
    await until(
      () => board.counts.connections,
      (connections) => connections === 0,
    );
  });

  test('a client without a cursor is sent only what is new', async (t) => {
    const { hub, url } = await serve(t);
    hub.broadcast(messages(1, 3));
    const client = await connectClient({ url });
    await until(
      () => client.frames,
      ({ length }) => length === 1,
    );
    hub.broadcast(messages(4, 5));
    await until(
      () => client.frames,
      ({ length }) => length === 3,
    );
    assert.deepEqual(client.frames, [
      { type: 'ready', lastId: 3 },
      { type: 'message', ...message(4) },
      { type: 'message', ...message(5) },
    ]);
  });

  test('a client with a cursor is sent the rest in pages, and what comes meanwhile, each once and in order', async (t) => {
    const board = await serve(t);
    board.stored = messages(1, 1200);
    board.hub.resume(1200);
    let reads = 0;
    board.beforeRead = async () => {
      reads += 1;
      // New messages while the client is still catching up.
      if (reads > 3) return;
      const next = board.stored.length + 1;
      board.stored = [...board.stored, message(next)];
      board.hub.broadcast([message(next)]);
    };
    const client = await connectClient(board, '?after=100');
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    board.hub.broadcast([message(1204)]);
    await until(client.texts, (texts) => texts.at(-1) === 'message 1204');
    assert.deepEqual(client.texts(), ids(101, 1204));
    assert.equal(reads, 3);
  });

  test('a client that is ahead of the announcements is not sent what it has', async (t) => {
    const { hub, url } = await serve(t);
    hub.resume(5);
    const client = await connectClient({ url }, '?after=7');
    await until(
      () => client.frames,
      ({ length }) => length === 1,
    );
    hub.broadcast(messages(6, 9));
    await until(client.texts, ({ length }) => length === 2);
    assert.deepEqual(client.texts(), ids(8, 9));
  });

  test('when the older messages cannot be read: closed with 1013', async (t) => {
    const board = await serve(t);
    board.hub.resume(5);
    board.beforeRead = () => Promise.reject(new Error('no database'));
    const client = await connectClient(board, '?after=1');
    assert.deepEqual(await client.closed, { code: 1013, reason: 'the database is not available' });
    assert.equal(board.hub.size(), 0);
    assert.equal(board.answers[0]?.[0], 'error');
  });

  test('a connection counts as answered once it has got all that it missed, not at its end (trap 24)', async (t) => {
    const board = await serve(t);
    board.stored = messages(1, 600);
    board.hub.resume(600);
    const client = await connectClient(board, '?after=0');
    await until(
      () => client.frames.at(-1),
      (frame) => frame?.type === 'ready',
    );
    // Two pages of older messages, and then the news.
    assert.deepEqual(board.answers, [['begun', 'begun', 'begun', 'ok']]);
  });

  test('a connection that breaks off between its first message and the last one it missed is an error', async (t) => {
    const board = await serve(t);
    board.stored = messages(1, 600);
    board.hub.resume(600);
    let reads = 0;
    board.beforeRead = async () => {
      reads += 1;
      if (reads > 1) throw new Error('no database');
    };
    const client = await connectClient(board, '?after=0');
    assert.equal((await client.closed).code, 1013);
    assert.deepEqual(board.answers[0]?.slice(0, 2), ['begun', 'error']);
  });

  test('a client that leaves before its first message is no error', async (t) => {
    const board = await serve(t);
    board.hub.resume(5);
    board.beforeRead = () => new Promise(() => {});
    const client = await connectClient(board, '?after=1');
    client.socket.terminate();
    await until(
      () => board.answers,
      ([told]) => told?.length === 1,
    );
    assert.deepEqual(board.answers, [['ok']]);
  });

  test('a client that does not read is dropped with 1013, and the others are not', async (t) => {
    const { hub, url } = await serve(t, 64 * 1024);
    const slow = await connectClient({ url });
    const quick = await connectClient({ url });
    await until(() => [slow, quick].every(({ frames }) => frames.length === 1), Boolean);
    slow.socket.pause();
    let sent = 0;
    // The system's own buffers fill first; the quick client is let keep up.
    while (hub.size() === 2) {
      sent += 1;
      hub.broadcast([message(sent, `${sent} ${'x'.repeat(30_000)}`)]);
      if (sent % 10 === 0) await until(quick.texts, ({ length }) => length === sent);
    }
    slow.socket.resume();
    assert.deepEqual(await slow.closed, { code: 1013, reason: 'too slow' });
    await until(quick.texts, ({ length }) => length === sent);
    assert.equal(quick.socket.readyState, quick.socket.OPEN);
  });

  test('a client that does not answer a ping is gone at the next beat', async (t) => {
    const { hub, url } = await serve(t);
    const alive = await connectClient({ url });
    const dead = await connectClient({ url });
    await until(hub.size, (size) => size === 2);
    dead.socket.pause();
    const pinged = once(alive.socket, 'ping');
    hub.beat();
    await pinged;
    assert.equal(hub.size(), 2);
    // When the server has answered this ping, it has seen the pong that went before it.
    alive.socket.ping();
    await once(alive.socket, 'pong');
    hub.beat();
    await until(hub.size, (size) => size === 1);
    assert.equal(alive.socket.readyState, alive.socket.OPEN);
    dead.socket.terminate();
  });

  test('tells its clients when it is interrupted, and when it goes on', async (t) => {
    const { hub, url } = await serve(t);
    hub.resume(1);
    const client = await connectClient({ url });
    await until(
      () => client.frames,
      ({ length }) => length === 1,
    );
    hub.interrupt();
    hub.broadcast([message(2)]);
    hub.resume(2);
    await until(
      () => client.frames,
      ({ length }) => length === 4,
    );
    assert.deepEqual(
      client.frames.map(({ type }) => type),
      ['ready', 'interrupted', 'message', 'ready'],
    );
  });

  test('closes everybody with 1012, also those that do not answer', async (t) => {
    const { hub, url } = await serve(t);
    const polite = await connectClient({ url });
    const silent = await connectClient({ url });
    await until(hub.size, (size) => size === 2);
    silent.socket.pause();
    await hub.close(50);
    assert.deepEqual(await polite.closed, { code: 1012, reason: 'service restart' });
    assert.equal(hub.size(), 0);
    silent.socket.terminate();
  });

  test('a frame over the limit closes only the client that sent it', async (t) => {
    const { hub, url } = await serve(t);
    const client = await connectClient({ url });
    client.socket.send('x'.repeat(2000));
    assert.equal((await client.closed).code, 1009);
    await until(hub.size, (size) => size === 0);
  });

  for (const [path, status, error] of [
    ['/', 404, 'there is no stream at this path: connect to /stream'],
    ['/stream?after=x', 400, 'after must be the id of a message, or 0'],
  ] as const) {
    test(`${path}: refused with ${status}`, async (t) => {
      const board = await serve(t);
      const { headers, ...refusal } = await refusedClient(board, path);
      assert.deepEqual(refusal, { status, error });
      assert.equal(headers['x-revision'], 'r-1');
      assert.deepEqual(board.answers, [['ok']]);
    });
  }

  test('while clients cannot be taken on: refused with 503, which is an error', async (t) => {
    const board = await serve(t);
    board.refusal = 'not now';
    const { status, error } = await refusedClient(board, '/stream');
    assert.deepEqual([status, error, board.answers], [503, 'not now', [['error']]]);
  });
});
