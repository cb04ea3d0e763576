import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  connectionOf,
  emptyBoard,
  lastId,
  maxMessages,
  withMessages,
  withPage,
} from '../../src/client/board.ts';
import type { Board, Connection } from '../../src/client/board.ts';
import type { Message } from '../../src/client/message.ts';

const message = (id: number): Message => ({
  id,
  author: 'Ada',
  text: `${id}`,
  createdAt: '2026-01-01T00:00:00.000Z',
});
const ids = ({ messages }: Board) => messages.map(({ id }) => id);

describe('withMessages', () => {
  test('keeps the order of the ids, and each message once', () => {
    const board = withMessages(withMessages(emptyBoard, [message(2), message(5)]), [
      message(5),
      message(3),
      message(1),
    ]);
    assert.deepEqual(ids(board), [1, 2, 3, 5]);
    assert.equal(lastId(board), 5);
  });

  test('nothing new: the very same board', () => {
    const board = withMessages(emptyBoard, [message(1)]);
    assert.equal(withMessages(board, [message(1)]), board);
  });

  test('lets the oldest fall off', () => {
    const many = Array.from({ length: maxMessages + 10 }, (_, index) => message(index + 1));
    const board = withMessages(emptyBoard, many);
    assert.equal(board.messages.length, maxMessages);
    assert.equal(board.messages[0]?.id, 11);
  });
});

describe('withPage', () => {
  test('the first page sets what counts as new', () => {
    const first = withPage({ ...emptyBoard, api: 'failed' }, [message(1), message(2)]);
    assert.deepEqual(
      { loaded: first.loaded, loadedUpTo: first.loadedUpTo, api: first.api },
      { loaded: true, loadedUpTo: 2, api: 'ok' },
    );
    const second = withPage(first, [message(3)]);
    assert.equal(second.loadedUpTo, 2);
    assert.deepEqual(ids(second), [1, 2, 3]);
  });

  test('an empty board is a loaded one', () => {
    const board = withPage(emptyBoard, []);
    assert.deepEqual([board.loaded, board.loadedUpTo, lastId(board)], [true, 0, undefined]);
  });
});

describe('connectionOf', () => {
  const cases: readonly [Board['stream'], Board['api'], Connection][] = [
    ['connecting', 'unknown', 'connecting'],
    ['connecting', 'ok', 'connecting'],
    ['connecting', 'failed', 'offline'],
    ['ready', 'unknown', 'live'],
    ['ready', 'ok', 'live'],
    ['ready', 'failed', 'live'],
    ['down', 'unknown', 'connecting'],
    ['down', 'ok', 'polling'],
    ['down', 'failed', 'offline'],
  ];
  for (const [stream, api, expected] of cases) {
    test(`stream ${stream}, api ${api}: ${expected}`, () =>
      assert.equal(connectionOf({ stream, api }), expected));
  }
});
