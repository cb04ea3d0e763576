import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HttpError } from '../../src/http-error.ts';
import { decodeNewMessage, decodePageQuery, maxAuthorLength, maxTextLength } from '../../src/message.ts';

function refusal(act: () => unknown): { status: number; field: string | undefined; message: string } {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof HttpError);
    return { status: error.status, field: error.field, message: error.message };
  }
  return assert.fail('it was accepted');
}

describe('decodeNewMessage', () => {
  test('trims both fields and leaves out what it does not know', () => {
    assert.deepEqual(decodeNewMessage({ author: ' Ada ', text: '\n one\n two \n', id: 7 }), {
      author: 'Ada',
      text: 'one\n two',
    });
  });

  test('counts characters as Postgres does', () => {
    const message = { author: '🦊'.repeat(maxAuthorLength), text: '🦊'.repeat(maxTextLength) };
    assert.deepEqual(decodeNewMessage(message), message);
  });

  const cases: readonly [string, unknown, string | undefined, string][] = [
    ['null', null, undefined, 'the body must be a JSON object with author and text'],
    ['an array', [], undefined, 'the body must be a JSON object with author and text'],
    ['a string', 'hello', undefined, 'the body must be a JSON object with author and text'],
    ['no author', { text: 'x' }, 'author', 'author is missing'],
    ['null author', { author: null, text: 'x' }, 'author', 'author is missing'],
    ['a number as author', { author: 5, text: 'x' }, 'author', 'author must be a string'],
    ['blank author', { author: ' \t', text: 'x' }, 'author', 'author must not be empty'],
    [
      'long author',
      { author: 'a'.repeat(41), text: 'x' },
      'author',
      'author must be at most 40 characters long',
    ],
    [
      'author on two lines',
      { author: 'a\nb', text: 'x' },
      'author',
      'author must not contain control characters or line breaks',
    ],
    [
      'author that turns direction',
      { author: 'a\u202eb', text: 'x' },
      'author',
      'author must not contain control characters or line breaks',
    ],
    ['no text', { author: 'a' }, 'text', 'text is missing'],
    ['an object as text', { author: 'a', text: {} }, 'text', 'text must be a string'],
    ['empty text', { author: 'a', text: '' }, 'text', 'text must not be empty'],
    [
      'long text',
      { author: 'a', text: 'x'.repeat(2001) },
      'text',
      'text must be at most 2000 characters long',
    ],
    [
      'NUL in text',
      { author: 'a', text: 'x\0' },
      'text',
      'text must be valid Unicode text without NUL characters',
    ],
    [
      'half a surrogate pair',
      { author: 'a', text: '\ud83e' },
      'text',
      'text must be valid Unicode text without NUL characters',
    ],
  ];
  for (const [name, body, field, message] of cases) {
    test(`${name}: ${message}`, () => {
      assert.deepEqual(
        refusal(() => decodeNewMessage(body)),
        { status: 400, field, message },
      );
    });
  }
});

describe('decodePageQuery', () => {
  const accepted: readonly [string, ReturnType<typeof decodePageQuery>][] = [
    ['', { after: undefined, limit: 50 }],
    ['after=0', { after: 0, limit: 50 }],
    ['after=12&limit=200', { after: 12, limit: 200 }],
    ['limit=1&other=x', { after: undefined, limit: 1 }],
  ];
  for (const [query, expected] of accepted) {
    test(`?${query}`, () => assert.deepEqual(decodePageQuery(new URLSearchParams(query)), expected));
  }

  const refused: readonly [string, string][] = [
    ['after=', 'after'],
    ['after=-1', 'after'],
    ['after=1.5', 'after'],
    ['after=9007199254740992', 'after'],
    ['after=latest', 'after'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=ten', 'limit'],
  ];
  for (const [query, field] of refused) {
    test(`?${query}: names ${field}`, () => {
      const { status, ...rest } = refusal(() => decodePageQuery(new URLSearchParams(query)));
      assert.equal(status, 400);
      assert.equal(rest.field, field);
      assert.match(rest.message, new RegExp(`^${field} must be a whole number from `));
    });
  }
});
