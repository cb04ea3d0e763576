import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { createServer, type AddressInfo } from 'node:net';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { healthPolicy, type HealthPolicy } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import type { ProbeTarget } from '../../../functions/verification/probe-answer.ts';
import { probeOnce, probeStartup } from '../../../functions/verification/probe.ts';
import { failureOf } from '../../../functions/verification/probe-failure.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';

const revision = 'api-aaaaaaa-11111111';
const secret = 'hunter2';
const now = (): Date => new Date();

const answers: Readonly<Record<string, RequestListener>> = {
  '/good': (_, response) =>
    response
      .writeHead(200, { 'x-revision': revision, 'content-type': 'application/JSON; a=b' })
      .end('{"status":"ok"}'),
  '/nameless': (_, response) => response.end(secret),
  '/error': (_, response) => response.writeHead(500, { 'x-revision': revision }).end(secret),
  '/old': (_, response) => response.writeHead(200, { 'x-revision': 'api-bbbbbbb-22222222' }).end(secret),
  '/old-error': (_, response) =>
    response.writeHead(500, { 'x-revision': 'api-bbbbbbb-22222222' }).end(secret),
  '/nonsense': (_, response) => response.writeHead(200, { 'x-revision': `<${secret}>` }).end(),
  '/busy': (_, response) => response.writeHead(429).end(secret),
  '/unauthorized': (_, response) => response.writeHead(401).end(secret),
  '/forbidden': (_, response) => response.writeHead(403).end(secret),
  '/moved': (_, response) => response.writeHead(302, { location: '/good' }).end(),
  '/gzip': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('fine')),
  '/bad-gzip': (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(secret),
  '/late-word': (_, response) => {
    response.write('x'.repeat(1_000_000));
    response.end('fine');
  },
  '/endless': (_, response) => {
    response.write('x');
  },
  '/silent': () => undefined,
  '/reset': (request) => request.socket.destroy(),
  '/half': (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => request.socket.destroy());
  },
  '/token': (request, response) => {
    const { authorization, 'x-serverless-authorization': token } = request.headers;
    response.writeHead(token === 'Bearer t' && authorization === undefined ? 200 : 403).end();
  },
  '//other/good': (_, response) => response.end(),
};

let server: HttpServer;
let target: ProbeTarget;

beforeAll(async () => {
  server = await startHttpServer((request, response) => answers[request.url ?? '']?.(request, response));
  target = { url: server.url, revision, token: undefined };
});
afterAll(() => server.close());

const health = (part: object): HealthPolicy => healthPolicy.parse({ timeoutSeconds: 2, ...part });

type Case = [name: string, policy: object, outcome: Probe['outcome'], detail: string | undefined];
test.each<Case>([
  ['the expected status', { path: '/good' }, 'ok', undefined],
  ['an answer that names no revision', { path: '/nameless' }, 'ok', undefined],
  [
    'a status that is expected although it is none of success',
    { path: '/error', status: 500 },
    'ok',
    undefined,
  ],
  ['another status', { path: '/error' }, 'wrong-status', 'answered 500 instead of 200'],
  ['a redirect is not followed', { path: '/moved' }, 'wrong-status', 'answered 302 instead of 200'],
  [
    'another revision behind the tag (trap 10)',
    { path: '/old' },
    'wrong-revision',
    'was answered by revision api-bbbbbbb-22222222',
  ],
  [
    'an error of another revision is none of this one (trap 10)',
    { path: '/old-error' },
    'wrong-revision',
    'was answered by revision api-bbbbbbb-22222222',
  ],
  [
    'an identity that is none',
    { path: '/nonsense' },
    'wrong-revision',
    'was answered by what names no revision',
  ],
  [
    'a 429 of the service itself is no failure of its health (trap 17)',
    { path: '/busy' },
    'rate-limited',
    'answered 429, its own rate limit',
  ],
  ['a 429 that is expected', { path: '/busy', status: 429 }, 'ok', undefined],
  ['401', { path: '/unauthorized' }, 'not-permitted', 'answered 401 instead of 200'],
  ['403', { path: '/forbidden' }, 'not-permitted', 'answered 403 instead of 200'],
  ['a 403 that is expected', { path: '/forbidden', status: 403 }, 'ok', undefined],
  [
    'a header regardless of case',
    { path: '/good', headers: { 'Content-Type': 'application/json' } },
    'ok',
    undefined,
  ],
  [
    'another header',
    { path: '/good', headers: { 'content-type': 'text/html' } },
    'wrong-answer',
    'answered, but its header content-type does not contain "text/html"',
  ],
  [
    'no such header',
    { path: '/good', headers: { etag: '' } },
    'wrong-answer',
    'answered, but has no header etag',
  ],
  ['the body', { path: '/good', bodyIncludes: '"ok"' }, 'ok', undefined],
  ['a compressed body', { path: '/gzip', bodyIncludes: 'fine' }, 'ok', undefined],
  [
    'another body',
    { path: '/nameless', bodyIncludes: 'fine' },
    'wrong-answer',
    'answered, but its body does not contain "fine"',
  ],
  [
    'a body is read to one megabyte',
    { path: '/late-word', bodyIncludes: 'fine' },
    'wrong-answer',
    'answered, but its body does not contain "fine"',
  ],
  [
    'a body that cannot be unpacked',
    { path: '/bad-gzip' },
    'wrong-answer',
    'did not answer in valid HTTP (Z_DATA_ERROR)',
  ],
  ['no answer', { path: '/silent', timeoutSeconds: 0.1 }, 'timeout', 'did not answer within 0.1 s'],
  [
    'a body that never ends',
    { path: '/endless', timeoutSeconds: 0.1 },
    'timeout',
    'did not answer within 0.1 s',
  ],
  ['a connection cut instead of an answer', { path: '/reset' }, 'refused', 'broke the connection off'],
  ['a connection cut in the middle of the body', { path: '/half' }, 'refused', 'broke the connection off'],
  ['a path like another host stays on this one', { path: '//other/good' }, 'ok', undefined],
])('%s', async (_, policy, outcome, detail) => {
  const probe = await probeOnce(target, health(policy), now);
  expect(probe.outcome).toBe(outcome);
  if (detail === undefined) expect(probe.detail).toBeUndefined();
  else expect(probe.detail).toContain(detail);
  expect(probe.check).toBeUndefined();
  // What the answer holds may be a secret.
  expect(JSON.stringify(probe)).not.toContain(secret);
});

test('what was seen is written down', async () => {
  const times = [1000, 1250];
  const clock = (): Date => new Date(times.shift() ?? 0);
  expect(await probeOnce(target, health({ path: '/good' }), clock)).toEqual({
    at: '1970-01-01T00:00:01.000Z',
    latencyMs: 250,
    outcome: 'ok',
    status: 200,
    revision,
  });
});

test.each([
  [250, 'ok'],
  [249, 'slow'],
])('an answer after 250 ms where %d ms are the limit is %s', async (latencyMs, outcome) => {
  const times = [1000, 1250];
  const clock = (): Date => new Date(times.shift() ?? 0);
  const probe = await probeOnce(target, health({ path: '/good', latencyMs }), clock);
  expect(probe.outcome).toBe(outcome);
});

test('an error that is slow as well is an error', async () => {
  const times = [1000, 1250];
  const clock = (): Date => new Date(times.shift() ?? 0);
  const probe = await probeOnce(target, health({ path: '/error', latencyMs: 1 }), clock);
  expect(probe.outcome).toBe('wrong-status');
});

test('the identity token leaves the authorization header to the service', async () => {
  const probe = await probeOnce({ ...target, token: 't' }, health({ path: '/token' }), now);
  expect(probe.outcome).toBe('ok');
});

test('a port where nobody listens refuses', async () => {
  const gone = await startHttpServer();
  await gone.close();
  const probe = await probeOnce({ ...target, url: gone.url }, health({}), now);
  expect(probe).toMatchObject({ outcome: 'refused', detail: 'refused the connection' });
});

test('a failure of TLS is none of the revision', async () => {
  const url = server.url.replace('http:', 'https:');
  const probe = await probeOnce({ ...target, url }, health({}), now);
  expect(probe.outcome).toBe('unreachable');
  expect(probe.detail).toMatch(/^could not be asked \(ERR_SSL_/);
});

test('what is no HTTP is a wrong answer', async () => {
  const raw = createServer((socket) => socket.resume().end(`${secret}\r\n\r\n`));
  raw.listen(0, '127.0.0.1');
  await once(raw, 'listening');
  const { port } = raw.address() as AddressInfo;
  const probe = await probeOnce({ ...target, url: `http://127.0.0.1:${port}` }, health({}), now);
  raw.close();
  await once(raw, 'close');
  expect(probe.outcome).toBe('wrong-answer');
  expect(JSON.stringify(probe)).not.toContain(secret);
});

describe('the startup path', () => {
  test('is held to what the health path has to answer', async () => {
    const probe = await probeStartup(target, { ...health({}), startupPath: '/error' }, now);
    expect(probe).toMatchObject({ check: 'startup /error', outcome: 'wrong-status' });
  });

  test('may take its time', async () => {
    const times = [1000, 1250];
    const clock = (): Date => new Date(times.shift() ?? 0);
    const probe = await probeStartup(target, { ...health({ latencyMs: 1 }), startupPath: '/good' }, clock);
    expect(probe).toMatchObject({ check: 'startup /good', outcome: 'ok', latencyMs: 250 });
  });
});

test.each<[string, Probe['outcome']]>([
  ['ENOTFOUND', 'unreachable'],
  ['EAI_AGAIN', 'unreachable'],
  ['EHOSTUNREACH', 'unreachable'],
  ['CERT_HAS_EXPIRED', 'unreachable'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'unreachable'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'unreachable'],
  ['UND_ERR_INVALID_ARG', 'unreachable'],
  ['ECONNREFUSED', 'refused'],
  ['ECONNRESET', 'refused'],
  ['UND_ERR_SOCKET', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout'],
  ['HPE_INVALID_CONSTANT', 'wrong-answer'],
])('by its code, however deep it lies: %s is %s', (code, outcome) => {
  const cause = Object.assign(new Error('no matter'), { code });
  const wrapped = new TypeError('fetch failed', { cause: new Error('between', { cause }) });
  expect(failureOf(wrapped, 5).outcome).toBe(outcome);
});

test('a request that cannot be made says nothing about the revision', () => {
  expect(failureOf(new TypeError('no matter'), 5)).toEqual({
    outcome: 'unreachable',
    detail: 'could not be asked (TypeError)',
  });
});
