import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createGoogleApi,
  type GoogleApi,
  type GoogleRequest,
} from '../../../functions/platform/google-api.ts';

let server: Server;
/** What the server answers, one after the other; 0 breaks the connection. */
let script: number[];
let headers: Record<string, string>;
let asked: string[];
let pauses: number[];
let api: GoogleApi;

beforeEach(async () => {
  asked = [];
  headers = {};
  pauses = [];
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const status = script.shift() ?? 200;
    if (status === 0) request.socket.destroy();
    else response.writeHead(status, headers).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  api = createGoogleApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, (milliseconds) => {
    pauses.push(milliseconds);
    return Promise.resolve();
  });
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const conditional: GoogleRequest = { method: 'POST', query: { ifGenerationMatch: '7' }, body: 'x' };

test.each<[string, number[], GoogleRequest, number | 'error', number]>([
  ['a read that works', [200], {}, 200, 1],
  ['a read that is refused for a moment', [503, 429, 200], {}, 200, 3],
  ['a read whose connection breaks', [0, 200], {}, 200, 2],
  ['a read that goes on failing', [503, 503, 503, 503, 200], {}, 503, 4],
  ['a read of what is not there', [404, 200], {}, 404, 1],
  ['a write that its generation lets happen once', [500, 200], conditional, 200, 2],
  ['a write that somebody else won', [412, 200], conditional, 412, 1],
  ['a write that may be done twice', [503, 200], { method: 'POST', body: 'x', repeatable: true }, 200, 2],
  ['any other write might happen twice', [503, 200], { method: 'POST', body: 'x' }, 503, 1],
  ['any other write whose connection breaks', [0, 200], { method: 'POST', body: 'x' }, 'error', 1],
])('%s', async (_, answers, request, expected, times) => {
  script = answers;
  const status = await api.request('storage', '/o', request).then(
    (response) => response.status,
    () => 'error' as const,
  );
  expect([status, asked.length]).toEqual([expected, times]);
  expect(pauses).toEqual([400, 800, 1600].slice(0, times - 1));
});

test.each<[string, string, number]>([
  ['longer than we would', '2', 2_000],
  ['shorter than we would', '0', 400],
  ['longer than anybody waits here', '3600', 10_000],
  ['with a date, which we do not read', 'Thu, 01 Jan 2026 00:00:00 GMT', 400],
])('an API that asks to wait %s', async (_, retryAfter, expected) => {
  script = [429, 200];
  headers = { 'retry-after': retryAfter };
  await api.request('storage', '/o');
  expect(pauses).toEqual([expected]);
});
