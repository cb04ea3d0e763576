import { describe, expect, test } from '@jest/globals';
import { requestHeaders, responseHeaders, traceIdOf } from '../../../local/run/proxy-headers.ts';

const traceId = 'ab'.repeat(16);
const forwarding = {
  remoteIp: '127.0.0.1',
  traceId,
  spanId: '00000000000000ff',
  authorization: undefined,
  upgrade: false,
};
const added = [
  ...['X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Proto', 'http'],
  ...['X-Cloud-Trace-Context', `${traceId}/255;o=1`, 'Traceparent', `00-${traceId}-00000000000000ff-01`],
];

describe('headers of a request', () => {
  test.each<{ name: string; raw: string[]; change?: object; expected: string[] }>([
    {
      name: 'are kept as they are, repeated ones apart',
      raw: ['Host', 'h', 'X-A', '1', 'x-a', '2'],
      expected: ['Host', 'h', 'X-A', '1', 'x-a', '2', ...added],
    },
    {
      name: 'of the connection alone go no further',
      raw: [
        'Connection',
        'keep-alive, X-Mine',
        'Keep-Alive',
        'timeout=5',
        'X-Mine',
        '1',
        'TE',
        'trailers',
        'Upgrade',
        'h2c',
        'Expect',
        '100-continue',
      ],
      expected: added,
    },
    {
      name: 'keep their framing',
      raw: ['Transfer-Encoding', 'chunked'],
      expected: ['Transfer-Encoding', 'chunked', ...added],
    },
    {
      name: 'cannot pass a forged authorization beside the replaced one',
      raw: ['Authorization', 'Bearer a.b.c'],
      change: { authorization: 'Bearer a.b.X' },
      expected: ['Authorization', 'Bearer a.b.X', ...added],
    },
    {
      name: 'of an upgrade ask for it',
      raw: ['Connection', 'Upgrade', 'Upgrade', 'websocket'],
      change: { upgrade: true },
      expected: [...added, 'Connection', 'Upgrade', 'Upgrade', 'websocket'],
    },
  ])('$name', ({ raw, change, expected }) => {
    expect(requestHeaders(raw, { ...forwarding, ...change })).toEqual(expected);
  });

  test('of an answer lose its framing', () => {
    expect(responseHeaders(['Transfer-Encoding', 'chunked', 'Set-Cookie', 'a', 'Set-Cookie', 'b'])).toEqual([
      'Set-Cookie',
      'a',
      'Set-Cookie',
      'b',
    ]);
  });

  test.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ 'x-cloud-trace-context': `${traceId}/1;o=1` }, traceId],
    [{ traceparent: `00-${traceId}-00000000000000ff-01` }, traceId],
    [{ traceparent: 'nonsense' }, undefined],
  ])('name the trace: %j', (headers, expected) => {
    expect(traceIdOf(headers)).toBe(expected);
  });
});
