import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { journey } from '../../../functions/release/policy.ts';
import type { Probe } from '../../../functions/release/release.ts';
import { probeJourney } from '../../../functions/verification/journey-probe.ts';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';

const revision = 'api-aaaaaaa-11111111';
const now = (): Date => new Date();

const answers: Readonly<Record<string, RequestListener>> = {
  'POST /session': (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const admitted = body === '{"user":"probe"}' && request.headers['content-type'] === 'application/json';
      response.setHeader('x-revision', revision);
      response.setHeader('set-cookie', ['session=s1; HttpOnly; Path=/', 'theme=dark']);
      response.writeHead(admitted ? 204 : 400).end();
    });
  },
  'GET /messages': ({ headers }, response) => {
    response.writeHead(headers.cookie === 'session=s1; theme=dark' ? 200 : 401).end('["hello"]');
  },
  'DELETE /session': (_, response) => {
    response.setHeader('set-cookie', 'session=; Max-Age=0; Path=/');
    response.writeHead(204).end();
  },
  'GET /closed': (_, response) => response.writeHead(403).end(),
  'GET /busy': (_, response) => response.writeHead(429).end(),
  'GET /error': (_, response) => response.writeHead(500).end('hunter2'),
  'GET /old': (_, response) => response.writeHead(200, { 'x-revision': 'api-old' }).end(),
  'GET /silent': () => undefined,
};

let server: HttpServer;
beforeAll(async () => {
  server = await startHttpServer((request, response) =>
    answers[`${request.method ?? ''} ${request.url ?? ''}`]?.(request, response),
  );
});
afterAll(() => server.close());

const login = {
  method: 'POST',
  path: '/session',
  headers: { 'content-type': 'application/json' },
  body: '{"user":"probe"}',
  expect: { status: 204 },
};
const read = { path: '/messages', expect: { bodyIncludes: 'hello' } };

const run = (steps: readonly object[], timeoutSeconds = 2): ReturnType<typeof probeJourney> =>
  probeJourney(
    { url: server.url, revision, token: undefined },
    journey.parse({ name: 'read', steps }),
    timeoutSeconds,
    now,
  );

test.each<[string, readonly object[], Probe['outcome'], string | undefined]>([
  ['every step is answered as it has to be', [login, read], 'ok', undefined],
  [
    'a cookie that was taken back',
    [login, { method: 'DELETE', path: '/session', expect: { status: 204 } }, read],
    'wrong-status',
    'step 3 GET /messages: answered 401 instead of 200',
  ],
  [
    'the first step that fails ends it',
    [login, { path: '/error' }, { path: '/silent' }],
    'wrong-status',
    'step 2 GET /error: answered 500 instead of 200',
  ],
  [
    'a body that holds something else',
    [login, { ...read, expect: { bodyIncludes: 'bye' } }],
    'wrong-answer',
    'step 2 GET /messages: answered, but its body does not contain "bye"',
  ],
  [
    '403 at the first step: we may not ask',
    [{ path: '/closed' }],
    'not-permitted',
    'step 1 GET /closed: answered 403 instead of 200',
  ],
  [
    '403 once we were let in',
    [login, { path: '/closed' }],
    'wrong-status',
    'step 2 GET /closed: answered 403 instead of 200',
  ],
  [
    'a 429 is no failure of its health (trap 17)',
    [login, { path: '/busy' }],
    'rate-limited',
    'step 2 GET /busy: answered 429, its own rate limit',
  ],
  [
    'another revision answers on the way (trap 10)',
    [login, { path: '/old' }],
    'wrong-revision',
    'step 2 GET /old: was answered by revision api-old',
  ],
])('%s', async (_, steps, outcome, detail) => {
  const probe = await run(steps);
  expect(probe.outcome).toBe(outcome);
  expect(probe.detail).toBe(detail);
});

test('a step that is not answered', async () => {
  expect(await run([login, { path: '/silent' }], 0.1)).toMatchObject({
    outcome: 'timeout',
    detail: 'step 2 GET /silent: did not answer within 0.1 s',
  });
});

test('a journey that takes too long as a whole', async () => {
  let minutes = 0;
  const clock = (): Date => new Date(minutes++ * 60_000);
  const target = { url: server.url, revision, token: undefined };
  const probe = await probeJourney(target, journey.parse({ name: 'read', steps: [login] }), 2, clock);
  expect(probe).toMatchObject({
    outcome: 'timeout',
    detail: 'step 1 POST /session: not reached within 60 s',
  });
});

test('a request that cannot be made says nothing about the revision', async () => {
  const probe = await run([{ path: '/', headers: { 'no header': 'x' } }]);
  expect(probe).toMatchObject({ outcome: 'unreachable', detail: expect.stringContaining('step 1 GET /: ') });
});
