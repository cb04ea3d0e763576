import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeFrame, decodeMessage } from '../../src/client/message.ts';

const message = { id: 1, author: 'Ada', text: 'hello', createdAt: '2026-01-01T00:00:00.000Z' };

describe('decodeMessage', () => {
  test('takes what it knows', () => assert.deepEqual(decodeMessage({ ...message, later: 1 }), message));

  const refused: readonly [string, unknown][] = [
    ['null', null],
    ['text', 'message'],
    ['no id', { ...message, id: undefined }],
    ['id as text', { ...message, id: '1' }],
    ['no author', { ...message, author: undefined }],
    ['text as number', { ...message, text: 1 }],
    ['no date', { ...message, createdAt: 'then' }],
  ];
  for (const [name, value] of refused) {
    test(`${name}: refused`, () => assert.throws(() => decodeMessage(value), { message: 'not a message' }));
  }
});

describe('decodeFrame', () => {
  const cases: readonly [string, string, ReturnType<typeof decodeFrame>][] = [
    ['a message', JSON.stringify({ type: 'message', ...message }), { type: 'message', message }],
    ['ready', '{"type":"ready","lastId":5}', { type: 'ready' }],
    ['interrupted', '{"type":"interrupted"}', { type: 'interrupted' }],
    ['a newer kind', '{"type":"typing"}', { type: 'other' }],
    ['half a message', '{"type":"message","id":1}', 'invalid'],
    ['no type', '{}', 'invalid'],
    ['not JSON', 'hello', 'invalid'],
    ['null', 'null', 'invalid'],
  ];
  for (const [name, json, expected] of cases) test(name, () => assert.deepEqual(decodeFrame(json), expected));
});
