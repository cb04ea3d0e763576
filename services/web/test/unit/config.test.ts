import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readConfig } from '../../src/server/config.ts';

const complete = { API_URL: 'https://api.example/', STREAMING_URL: 'http://127.0.0.1:9000' };

describe('readConfig', () => {
  test('fills in what may be left out, and takes no slash at the end', () => {
    assert.deepEqual(readConfig(complete), {
      port: 8080,
      host: '0.0.0.0',
      apiUrl: 'https://api.example',
      streamingUrl: 'http://127.0.0.1:9000',
      identity: {},
    });
  });

  test('takes everything that is set', () => {
    const config = readConfig({
      ...complete,
      PORT: '0',
      HOST: '127.0.0.1',
      K_REVISION: 'web-1',
      COMMIT_SHA: 'abc',
    });
    assert.deepEqual(
      [config.port, config.host, config.identity],
      [0, '127.0.0.1', { revision: 'web-1', commit: 'abc' }],
    );
  });

  const refused: readonly [string, Record<string, string>, string][] = [
    [
      'API_URL missing',
      { API_URL: '' },
      "environment variable API_URL is not set: it holds the api's address, as browsers reach it",
    ],
    [
      'STREAMING_URL missing',
      { STREAMING_URL: '' },
      "environment variable STREAMING_URL is not set: it holds streaming's address, as browsers reach it",
    ],
    [
      'both missing',
      { API_URL: '', STREAMING_URL: '' },
      "environment variable API_URL is not set: it holds the api's address, as browsers reach it (nor are STREAMING_URL)",
    ],
    ...[
      'secret',
      'ftp://secret',
      'https://user:secret@host',
      'https://host/?key=secret',
      'https://host/#secret',
    ].map((value): [string, Record<string, string>, string] => [
      `API_URL ${value}`,
      { API_URL: value },
      "environment variable API_URL is not an http or https address without a query: it holds the api's address, as browsers reach it",
    ]),
    [
      'PORT',
      { PORT: 'x' },
      'environment variable PORT is not a port: it holds a whole number from 0 to 65535',
    ],
  ];
  for (const [name, change, message] of refused) {
    test(`${name}: refused without its value`, () => {
      assert.throws(() => readConfig({ ...complete, ...change }), { name: 'ConfigError', message });
    });
  }
});
