import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeSettings } from '../../src/client/settings.ts';

describe('decodeSettings', () => {
  const cases: readonly [string, string][] = [
    ['http://127.0.0.1:8080', 'ws://127.0.0.1:8080/stream'],
    ['https://streaming.example', 'wss://streaming.example/stream'],
    ['https://example.com/http', 'wss://example.com/http/stream'],
  ];
  for (const [streamingUrl, streamUrl] of cases) {
    test(`${streamingUrl}: ${streamUrl}`, () => {
      const settings = decodeSettings({ apiUrl: 'https://api.example', streamingUrl, commit: 'abc' });
      assert.deepEqual(settings, { apiUrl: 'https://api.example', streamUrl, commit: 'abc' });
    });
  }

  test('the commit may be unknown', () => {
    assert.equal(decodeSettings({ apiUrl: 'a', streamingUrl: 'b', commit: null }).commit, undefined);
  });

  for (const value of [null, {}, { apiUrl: 'a' }, { apiUrl: 1, streamingUrl: 'b' }]) {
    test(`${JSON.stringify(value)}: refused`, () =>
      assert.throws(() => decodeSettings(value), /^Error: \/config\.json /));
  }
});
