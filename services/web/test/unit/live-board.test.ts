import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connectionOf, emptyBoard } from '../../src/client/board.ts';
import type { Connection } from '../../src/client/board.ts';
import { createLiveBoard } from '../../src/client/live-board.ts';
import type { Paces } from '../../src/client/live-board.ts';
import { startBackend } from '../support/board-backend.ts';
import type { BoardBackend } from '../support/board-backend.ts';
import { until } from '../support/until.ts';

function open(t: TestContext, backend: BoardBackend, paces: Partial<Paces> = {}) {
  let board = emptyBoard;
  const connections: Connection[] = [];
  const live = createLiveBoard(
    backend,
    (next) => {
      board = next;
      if (connections.at(-1) !== connectionOf(board)) connections.push(connectionOf(board));
    },
    { pollMs: 20, rereadMs: 60_000, connectTimeoutMs: 1000, ...paces },
  );
  const stop = new AbortController();
  const ended = live.run(stop.signal);
  t.after(() => {
    stop.abort();
    return ended;
  });
  const texts = () => board.messages.map(({ text }) => text);
  return {
    live,
    connections,
    texts,
    connection: (expected: Connection) =>
      until(
        () => connectionOf(board),
        (connection) => connection === expected,
      ),
    holds: (...expected: string[]) => until(texts, (found) => found.join() === expected.join()),
  };
}

describe('createLiveBoard', () => {
  test('reads what there is, in pages, and then listens from there', async (t) => {
    const backend = await startBackend(t);
    for (const text of ['1', '2', '3', '4', '5', '6', '7']) backend.add(text);
    const page = open(t, backend);
    await page.connection('live');
    await page.holds('1', '2', '3', '4', '5', '6', '7');
    assert.deepEqual(backend.cursors, ['7']);
    backend.add('8');
    await page.holds('1', '2', '3', '4', '5', '6', '7', '8');
    assert.deepEqual(page.connections, ['connecting', 'live']);
  });

  test('polls while there is no stream, and goes live when there is one', async (t) => {
    const backend = await startBackend(t);
    backend.streaming = false;
    const page = open(t, backend);
    await page.connection('polling');
    backend.add('polled');
    await page.holds('polled');
    backend.streaming = true;
    page.live.hurry();
    await page.connection('live');
    assert.deepEqual(backend.cursors, ['1']);
  });

  test('a stream that restarts: connects again from where it was, and misses nothing', async (t) => {
    const backend = await startBackend(t);
    backend.add('before');
    const page = open(t, backend);
    await page.connection('live');
    backend.closeStreams(1012);
    await page.connection('connecting');
    await page.connection('live');
    backend.add('after');
    await page.holds('before', 'after');
    assert.deepEqual(page.connections, ['connecting', 'live', 'connecting', 'live']);
    assert.deepEqual(backend.cursors, ['1', '1']);
  });

  test('a stream that says it is interrupted: polls until it is ready again', async (t) => {
    const backend = await startBackend(t);
    const page = open(t, backend);
    await page.connection('live');
    backend.send({ type: 'interrupted' });
    await page.connection('polling');
    backend.add('meanwhile', false);
    await page.holds('meanwhile');
    backend.send({ type: 'ready', lastId: 1 });
    await page.connection('live');
  });

  test('what the stream did not bring is read now and then all the same', async (t) => {
    const backend = await startBackend(t);
    const page = open(t, backend, { rereadMs: 50 });
    await page.connection('live');
    backend.add('never announced', false);
    await page.holds('never announced');
  });

  test('a frame that is none ends the connection, one of a newer kind does not', async (t) => {
    const backend = await startBackend(t);
    const page = open(t, backend);
    await page.connection('live');
    backend.send({ type: 'typing', author: 'Ada' });
    backend.add('still listening');
    await page.holds('still listening');
    assert.equal(backend.cursors.length, 1);
    backend.send('not JSON');
    await until(
      () => backend.cursors,
      ({ length }) => length === 2,
    );
  });

  test('without api and stream it says offline, and comes back by itself', async (t) => {
    const backend = await startBackend(t);
    backend.apiStatus = 503;
    backend.streaming = false;
    const page = open(t, backend);
    await page.connection('offline');
    backend.add('there', false);
    backend.apiStatus = 200;
    await page.holds('there');
    await page.connection('polling');
  });

  test('without the api alone it is live, and fills in the rest when the api is back', async (t) => {
    const backend = await startBackend(t);
    backend.add('before');
    backend.apiStatus = 503;
    const page = open(t, backend);
    await page.connection('live');
    backend.add('new');
    await page.holds('new');
    backend.apiStatus = 200;
    await page.holds('before', 'new');
  });

  test('what was posted is there at once, and once', async (t) => {
    const backend = await startBackend(t);
    const page = open(t, backend);
    await page.connection('live');
    assert.equal((await page.live.post('Ada', 'mine')).ok, true);
    await page.holds('mine');
    backend.add('next');
    await page.holds('mine', 'next');
  });

  test('what is posted goes on with the trace that the page began with, if there was one', async (t) => {
    const backend = await startBackend(t);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await createLiveBoard({ ...backend, traceparent }, () => {}).post('Ada', 'traced');
    await createLiveBoard(backend, () => {}).post('Ada', 'not traced');
    assert.deepEqual(backend.traces, [traceparent, undefined]);
  });

  const refusals: readonly [number, object][] = [
    [400, { ok: false, error: 'Text must not be so.', field: 'text' }],
    [
      503,
      {
        ok: false,
        error: 'The board could not take your message just now. Please try again.',
        field: undefined,
      },
    ],
  ];
  for (const [status, expected] of refusals) {
    test(`a message that is refused with ${status}: says why`, async (t) => {
      const backend = await startBackend(t);
      backend.apiStatus = status;
      assert.deepEqual(await createLiveBoard(backend, () => {}).post('Ada', 'x'), expected);
    });
  }

  test('a message that nobody takes: says that it is not lost', async () => {
    const nowhere = { apiUrl: 'http://127.0.0.1:1', streamUrl: 'ws://127.0.0.1:1/stream' };
    assert.deepEqual(await createLiveBoard(nowhere, () => {}).post('Ada', 'x'), {
      ok: false,
      error: 'The board cannot be reached. Your message is still here: please try again.',
      field: undefined,
    });
  });
});
