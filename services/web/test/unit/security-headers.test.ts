import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { securityHeaders } from '../../src/server/security-headers.ts';

describe('securityHeaders', () => {
  const cases: readonly [string, string, string][] = [
    [
      'https://api.example/v1',
      'https://streaming.example',
      "'self' https://api.example https://streaming.example wss://streaming.example",
    ],
    [
      'http://127.0.0.1:1',
      'http://127.0.0.1:2',
      "'self' http://127.0.0.1:1 http://127.0.0.1:2 ws://127.0.0.1:2",
    ],
    [
      'https://board.example/api',
      'https://board.example/live',
      "'self' https://board.example wss://board.example",
    ],
  ];
  for (const [api, streaming, sources] of cases) {
    test(`${api} and ${streaming}`, () => {
      const policy = securityHeaders(api, streaming)['content-security-policy'] ?? '';
      const directives = new Map(
        policy.split('; ').map((directive) => directive.split(/ (.*)/).slice(0, 2) as [string, string]),
      );
      assert.equal(directives.get('connect-src'), sources);
      assert.equal(directives.get('default-src'), "'none'");
      assert.equal(directives.get('script-src'), "'self'");
      assert.doesNotMatch(policy, /unsafe/);
    });
  }
});
