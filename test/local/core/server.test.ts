import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

let cloud: TestCloud;
let started = 0;

beforeAll(async () => {
  cloud = await testCloud();
  const handle = (): unknown => {
    started += 1;
    return { started };
  };
  const throwing = (): never => {
    throw new Error('a bug');
  };
  await cloud.serve([
    {
      name: 'test',
      routes: [
        { method: 'POST', path: '/v1/{name=builds/*}', handle },
        { method: 'GET', path: '/v1/{name=builds/*}', handle: ({ params }) => params },
        { method: 'GET', path: '/v1/bug', handle: throwing },
        { method: 'POST', path: '/v1/json', handle: ({ json }) => json() },
      ],
    },
  ]);
});
afterAll(async () => {
  await cloud.close();
});

/** fetch sets Host and Origin itself; a browser is imitated with the bare request. */
function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(cloud.context.origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test.each<[string, Record<string, string>, number]>([
  ['a client on this machine', {}, 200],
  ['a page of the local cloud itself', { origin: 'SELF' }, 200],
  ['a web page from elsewhere', { origin: 'https://evil.example', 'content-type': 'text/plain' }, 403],
  ['a page without an origin of its own', { origin: 'null' }, 403],
  ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
  ['a name that was rebound to this machine', { host: 'evil.example' }, 403],
  ['a name that looks like Google’s', { host: 'googleapis.com.evil.example' }, 403],
  ['gcloud through a proxy setting', { host: 'europe-west1-run.googleapis.com' }, 200],
])('%s', async (_, given, status) => {
  const before = started;
  const headers = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value === 'SELF' ? cloud.context.origin : value]),
  );
  const answer = await send('POST', '/v1/builds/1', headers);
  expect([answer.status, started - before]).toEqual([status, status === 200 ? 1 : 0]);
});

test.each<[string, string, string, number, RegExp]>([
  ['an unknown path, in Google’s form', 'GET', '/v9/nothing', 404, /"status":"NOT_FOUND"/],
  ['bound fields are decoded', 'GET', '/v1/builds/a%20b', 200, /"name":"builds\/a b"/],
  ['a bug is INTERNAL, and logged', 'GET', '/v1/bug', 500, /"status":"INTERNAL"/],
  ['no JSON', 'POST', '/v1/json', 400, /Invalid JSON payload received/],
])('%s', async (_, method, path, status, says) => {
  const answer = await send(method, path, {}, method === 'POST' ? '{' : '');
  expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(says)]);
});

test('what went wrong inside is in the log', () => {
  expect(cloud.logged.some((line) => line.startsWith('error: GET /v1/bug: Error: a bug'))).toBe(true);
});
