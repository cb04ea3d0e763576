import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeAfter } from '../../src/stream-endpoint.ts';

describe('decodeAfter', () => {
  const cases: readonly [string, ReturnType<typeof decodeAfter>][] = [
    ['', undefined],
    ['other=1', undefined],
    ['after=0', 0],
    ['after=42', 42],
    ['after=', 'invalid'],
    ['after=-1', 'invalid'],
    ['after=1e3', 'invalid'],
    ['after=latest', 'invalid'],
    ['after=9007199254740992', 'invalid'],
  ];
  for (const [query, expected] of cases) {
    test(`?${query}: ${expected}`, () => assert.equal(decodeAfter(new URLSearchParams(query)), expected));
  }
});
