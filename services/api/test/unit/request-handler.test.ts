import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { HttpError } from '../../src/http-error.ts';
import { readJson } from '../../src/read-json.ts';
import { createRequestHandler } from '../../src/request-handler.ts';
import type { Route, Routes } from '../../src/routes.ts';

const routes: Routes = new Map([
  [
    '/echo',
    new Map<string, Route>([
      ['POST', async (request) => ({ status: 201, body: await readJson(request, 100) })],
    ]),
  ],
  [
    '/query',
    new Map<string, Route>([
      ['GET', async (_request, query) => ({ status: 200, body: Object.fromEntries(query) })],
    ]),
  ],
  ['/broken', new Map<string, Route>([['GET', () => Promise.reject(new Error('select from secret_table'))]])],
  [
    '/later',
    new Map<string, Route>([
      ['GET', () => Promise.reject(new HttpError(503, 'later', { cause: new Error('why') }))],
    ]),
  ],
]);
const logged: string[] = [];
const reported: unknown[] = [];
const server = createServer(
  createRequestHandler(routes, 'api-00001-abc', {
    log: (severity, message) => logged.push(`${severity} ${message}`),
    report: (error) => reported.push(error),
  }),
);
let url = '';
before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
after(() => server.close());

const json = { 'content-type': 'application/json' };
const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  fetch(`${url}/echo`, { method: 'POST', headers, body });

describe('createRequestHandler', () => {
  const refused: readonly [string, () => Promise<Response>, number, object][] = [
    [
      'unknown path',
      () => fetch(`${url}/nowhere`),
      404,
      { error: 'there is nothing at this path: GET / lists what there is' },
    ],
    ['other method', () => fetch(`${url}/echo`), 405, { error: 'this path answers POST, OPTIONS' }],
    ['not JSON', () => post('{"a":'), 400, { error: 'the body must be JSON in UTF-8' }],
    [
      'not UTF-8',
      () => post(new Uint8Array([0x22, 0xff, 0x22])),
      400,
      { error: 'the body must be JSON in UTF-8' },
    ],
    ['empty body', () => post(''), 400, { error: 'the body must be JSON in UTF-8' }],
    [
      'other media type',
      () => post('{}', { 'content-type': 'text/plain' }),
      415,
      { error: 'the content-type must be application/json' },
    ],
    [
      'body over the limit',
      () => post(`"${'x'.repeat(100_000)}"`),
      413,
      { error: 'the body must be at most 100 bytes' },
    ],
    ['an error of its own', () => fetch(`${url}/broken`), 500, { error: 'the server failed to answer' }],
    ['not available', () => fetch(`${url}/later`), 503, { error: 'later' }],
  ];
  for (const [name, act, status, body] of refused) {
    test(`${name}: ${status}`, async () => {
      const response = await act();
      assert.equal(response.status, status);
      assert.deepEqual(await response.json(), body);
      assert.equal(response.headers.get('x-revision'), 'api-00001-abc');
      assert.equal(response.headers.get('access-control-allow-origin'), '*');
      assert.equal(response.headers.get('retry-after'), status === 503 ? '1' : null);
    });
  }

  test('errors of the server are logged, those of the client are not', () => {
    assert.deepEqual(logged, ['ERROR GET /broken: the server failed to answer', 'ERROR GET /later: later']);
  });

  test('JSON with a charset is JSON', async () => {
    const response = await post('{"text":"grün"}', { 'content-type': 'Application/JSON; charset=utf-8' });
    assert.equal(response.status, 201);
    assert.deepEqual(await response.json(), { text: 'grün' });
  });

  test('the query reaches the route', async () => {
    assert.deepEqual(await (await fetch(`${url}/query?after=5&limit=2`)).json(), { after: '5', limit: '2' });
  });

  test('HEAD answers as GET does, without a body', async () => {
    const response = await fetch(`${url}/query?a=b`, { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-length'), '10');
    assert.equal(await response.text(), '');
  });

  test('preflight is allowed', async () => {
    const response = await fetch(`${url}/echo`, { method: 'OPTIONS' });
    assert.equal(response.status, 204);
    assert.equal(response.headers.get('access-control-allow-methods'), 'GET, HEAD, POST');
    assert.equal(response.headers.get('access-control-allow-headers'), 'content-type, traceparent');
  });

  test('a client that leaves in the middle of its body is no error of the server', async () => {
    const earlier = logged.length;
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const gone = new Promise((resolve) => {
      server.once('connection', (connection: Socket) => connection.once('close', resolve));
    });
    socket.write(
      'POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"a":',
    );
    await once(server, 'request');
    socket.destroy();
    await gone;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(logged.length, earlier);
  });
});
