import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Encoding } from '../../src/server/assets.ts';
import { chooseEncoding } from '../../src/server/choose-encoding.ts';

describe('chooseEncoding', () => {
  const cases: readonly [string, readonly Encoding[], Encoding | undefined][] = [
    ['', ['br', 'gzip'], undefined],
    ['gzip, deflate, br, zstd', ['br', 'gzip'], 'br'],
    ['gzip', ['br', 'gzip'], 'gzip'],
    ['GZIP', ['br', 'gzip'], 'gzip'],
    ['br;q=0, gzip;q=0.5', ['br', 'gzip'], 'gzip'],
    ['*', ['br', 'gzip'], 'br'],
    ['*;q=0', ['br', 'gzip'], undefined],
    ['*, br;q=0', ['br', 'gzip'], 'gzip'],
    ['br;q=nonsense', ['br'], undefined],
    ['identity', ['br', 'gzip'], undefined],
    ['br', [], undefined],
  ];
  for (const [accept, offered, expected] of cases) {
    test(`"${accept}" of [${offered.join()}]: ${expected}`, () =>
      assert.equal(chooseEncoding(accept, offered), expected));
  }
});
