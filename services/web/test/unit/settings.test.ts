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
      const told = { apiUrl: 'https://api.example', commit: 'abc', traceparent: '00-1-2-01' };
      const settings = decodeSettings({ ...told, streamingUrl });
      assert.deepEqual(settings, { ...told, streamUrl });
    });
  }

  test('the commit may be unknown, and there may be no trace', () => {
    const settings = decodeSettings({ apiUrl: 'a', streamingUrl: 'b', commit: null });
    assert.equal(settings.commit, undefined);
    assert.equal(settings.traceparent, undefined);
  });

  for (const value of [null, {}, { apiUrl: 'a' }, { apiUrl: 1, streamingUrl: 'b' }]) {
    test(`${JSON.stringify(value)}: refused`, () =>
      assert.throws(() => decodeSettings(value), /^Error: \/config\.json /));
  }
});
