import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import path from 'node:path';
import { startHttpServer, type HttpServer } from '../../support/http-server.ts';
import { acceptWebSockets } from '../../support/websocket-server.ts';
import { runScript } from './run-script.ts';

const minute = 60_000;

let server: HttpServer;
const asked: { method: string; url: string; at: number; headers: Record<string, unknown>; body: string }[] =
  [];
const seen = (prefix: string) => asked.filter(({ url }) => url.startsWith(prefix));

beforeAll(async () => {
  server = await startHttpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://server');
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push({
        method: request.method ?? '',
        url: request.url ?? '',
        at: performance.now(),
        headers: request.headers,
        body,
      });
      const count = seen(url.pathname).length;
      const number = (name: string): number => Number(url.searchParams.get(name) ?? 0);
      // Every so many-th answer is slow or an error.
      const slow = number('slowEvery') > 0 && count % number('slowEvery') === 0;
      const bad = number('failEvery') > 0 && count % number('failEvery') === 0;
      setTimeout(
        () => {
          if (url.pathname === '/moved') response.writeHead(302, { location: '/there' }).end();
          else
            response
              .writeHead(bad ? 503 : 200, { 'content-type': 'application/json' })
              .end(JSON.stringify({ count, list: [1, 2] }));
        },
        slow ? number('slowMs') : number('ms'),
      ).unref();
    });
  });
  acceptWebSockets(server.server, '/echo', (client) => {
    client.sendText('welcome');
    client.onFrame((opcode, payload) => {
      if (opcode === 1) client.sendFrame(1, payload);
      if (opcode === 9) client.sendFrame(10, payload);
      if (opcode === 8) client.sendFrame(8, payload);
    });
  });
  acceptWebSockets(server.server, '/short', (client) => {
    client.sendFrame(8, Buffer.from([0x03, 0xf5]));
  });
  server.server.on('upgrade', (request, socket) => {
    if (request.url === '/refused') socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno');
  });
});
afterAll(async () => server.close());

const run = (script: string) => runScript(script, { URL: server.url });

describe('the runner against a server that is known', () => {
  test(
    'counts are exact, and latencies are those of the server',
    async () => {
      const result = await run(`
        import http from 'k6/http';
        import { check, group } from 'k6';
        import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
        const bytes = new Counter('bytes'); const last = new Gauge('last');
        const lucky = new Rate('lucky'); const lists = new Trend('lists');
        export const options = {
          tags: { run: 'mine' },
          scenarios: {
            it: { executor: 'per-vu-iterations', vus: 5, iterations: 20, exec: 'it', tags: { kind: 'slow' } },
          },
          thresholds: {
            'http_reqs{status:503}': ['count==10'], 'http_reqs{kind:slow,run:mine,group:::outer}': ['count==100'],
            http_req_failed: ['rate==0.1'], checks: ['rate==0.95'], bytes: ['count==300'], lists: ['max==2'],
          },
        };
        export function it() {
          const answer = group('outer', () =>
            http.get(__ENV.URL + '/known?ms=40&slowMs=200&slowEvery=10&failEvery=10', { tags: { name: 'known' } }));
          check(answer, { ok: (r) => r.status === 200, 'a list': (r) => r.json().list instanceof Array });
          bytes.add(3); last.add(__ITER); lucky.add(answer.status === 200); lists.add(answer.json().list.length);
        }`);
      expect(result.stderr).toBe('');
      expect(result.exitCode).toBe(0);
      expect(seen('/known')).toHaveLength(100);
      expect(result.value('http_reqs', 'count')).toBe(100);
      expect(result.value('iterations', 'count')).toBe(100);
      expect(result.value('http_req_failed', 'passes')).toBe(10);
      expect(result.value('lucky', 'value')).toBeCloseTo(0.9, 9);
      expect(result.value('last', 'max')).toBe(19);
      expect(result.checks).toMatchObject({
        ok: { passes: 90, fails: 10 },
        'a list': { passes: 100, fails: 0 },
      });
      // 90 of 100 take 40 ms, 10 take 200: timers may end 1 ms early, and nothing bounds how late a busy machine is.
      expect(result.value('http_req_duration', 'min')).toBeGreaterThanOrEqual(38);
      expect(result.value('http_req_duration', 'med')).toBeLessThan(150);
      expect(result.value('http_req_duration', 'p(95)')).toBeGreaterThanOrEqual(198);
      expect(result.value('http_req_waiting', 'med')).toBeGreaterThanOrEqual(37);
      const [duration = NaN, ...parts] = ['duration', 'sending', 'waiting', 'receiving'].map((part) =>
        result.value(`http_req_${part}`, 'avg'),
      );
      expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(duration, 6);
      // A connection for each virtual user, used again and again.
      expect(result.value('http_req_connecting', 'med')).toBe(0);
      expect(result.stdout.split('\n')[2]).toBe(
        "Slipway's own runner of k6 scripts: it knows a subset of k6, and is not k6 (https://k6.io).",
      );
      expect(result.stdout).toContain('✗ ok (90 of 100 passed)');
    },
    minute,
  );

  test(
    'requests begin at the rate that was asked for, and what cannot is counted as dropped',
    async () => {
      const result = await run(`
        import http from 'k6/http';
        export const options = { scenarios: {
          steady: { executor: 'constant-arrival-rate', rate: 25, duration: '2s', preAllocatedVUs: 10, exec: 'steady' },
          narrow: { executor: 'constant-arrival-rate', rate: 10, duration: '2s', preAllocatedVUs: 1, exec: 'narrow' },
        }, thresholds: { 'iterations{scenario:steady}': [], 'dropped_iterations{scenario:narrow}': [], 'iterations{scenario:narrow}': [] } };
        export function steady() { http.get(__ENV.URL + '/steady'); }
        export function narrow() { http.get(__ENV.URL + '/narrow?ms=1500'); }`);
      expect(result.exitCode).toBe(0);
      const times = seen('/steady').map(({ at }) => at);
      const lasted = (times.at(-1) ?? NaN) - (times[0] ?? NaN);
      // 50 in 2 s; on a machine that stands still for a moment some are late or find nobody free, and are counted.
      expect(times.length).toBe(result.value('iterations{scenario:steady}', 'count'));
      expect(times.length).toBeGreaterThanOrEqual(40);
      expect(times.length).toBeLessThanOrEqual(50);
      expect(lasted).toBeGreaterThan(1400);
      expect(lasted).toBeLessThan(4000);
      // 20 are due; each keeps the only virtual user for 1.5 s.
      const narrow = seen('/narrow').length;
      expect(narrow).toBeLessThanOrEqual(2);
      expect(result.value('dropped_iterations{scenario:narrow}', 'count')).toBe(20 - narrow);
    },
    minute,
  );

  test(
    'a request carries what the script says: method, headers, body, redirects',
    async () => {
      const result = await run(`
        import http from 'k6/http';
        import { check } from 'k6';
        export function setup() { return { word: 'from setup', n: [1] }; }
        export default function (data) {
          const said = http.post(__ENV.URL + '/said', JSON.stringify(data), { headers: { 'Content-Type': 'application/json', 'X-Mine': 'yes' } });
          http.put(__ENV.URL + '/form', { a: 'b c', d: 1 });
          const moved = http.get(__ENV.URL + '/moved');
          const stayed = http.get(__ENV.URL + '/moved', { redirects: 0, responseCallback: http.expectedStatuses(302) });
          const nobody = http.get('http://127.0.0.1:9/', { timeout: '2s' });
          check(null, {
            json: () => said.json().count === 1 && said.headers['Content-Type'] === 'application/json',
            moved: () => moved.url.endsWith('/there') && moved.status === 200,
            stayed: () => stayed.status === 302,
            nobody: () => nobody.status === 0 && nobody.error_code === 1212,
          });
        }
        export function teardown(data) { http.del(__ENV.URL + '/down', data.word); }`);
      expect(result.stderr).toBe('');
      expect(Object.values(result.checks).map(({ passes, fails }) => [passes, fails])).toEqual(
        Array(4).fill([1, 0]),
      );
      const [said] = seen('/said');
      expect(said).toMatchObject({ method: 'POST', body: '{"word":"from setup","n":[1]}' });
      expect(said?.headers).toMatchObject({ 'content-type': 'application/json', 'x-mine': 'yes' });
      expect(seen('/form')).toMatchObject([{ method: 'PUT', body: 'a=b+c&d=1' }]);
      expect(seen('/down')).toMatchObject([{ method: 'DELETE', body: 'from setup' }]);
      expect(result.value('http_req_failed', 'passes')).toBe(1);
    },
    minute,
  );

  test(
    'WebSockets: messages, pings and closes, of both sides',
    async () => {
      const result = await run(`
        import ws from 'k6/ws';
        import { check } from 'k6';
        export default function () {
          const url = __ENV.URL.replace('http', 'ws');
          const heard = [];
          let pongs = 0; let closed;
          const answer = ws.connect(url + '/echo', null, (socket) => {
            socket.on('open', () => { socket.send('one'); socket.ping(); });
            socket.on('message', (text) => { heard.push(text); if (text === 'two') socket.close(1000); });
            socket.on('pong', () => { pongs += 1; });
            socket.on('close', (code) => { closed = code; });
            socket.setTimeout(() => socket.send('two'), 100);
          });
          check(null, {
            echo: () => answer.status === 101 && heard.join() === 'welcome,one,two' && pongs === 1 && closed === 1000,
          });
          let why;
          ws.connect(url + '/short', {}, (socket) => { socket.on('close', (code) => { why = code; }); });
          check(null, { short: () => why === 1013 });
          const refused = ws.connect(url + '/refused', {}, () => {});
          check(null, { refused: () => refused.status === 403 && refused.body === 'no' });
          const nobody = ws.connect('ws://127.0.0.1:9/', {}, () => {});
          check(null, { nobody: () => nobody.status === 0 && nobody.error !== '' });
        }`);
      expect(result.stderr).toBe('');
      expect(Object.entries(result.checks).map(([name, { passes }]) => [name, passes])).toEqual([
        ['echo', 1],
        ['short', 1],
        ['refused', 1],
        ['nobody', 1],
      ]);
      expect(result.value('ws_msgs_received', 'count')).toBe(3);
      expect(result.value('ws_msgs_sent', 'count')).toBe(2);
      expect(result.value('ws_sessions', 'count')).toBe(4);
      expect(result.value('ws_session_duration', 'max')).toBeGreaterThanOrEqual(99);
    },
    minute,
  );

  test(
    'iterations that outlast gracefulStop are cut, whatever they wait for or calculate',
    async () => {
      const result = await run(`
        import http from 'k6/http';
        import { sleep } from 'k6';
        const it = (exec) => ({ executor: 'constant-vus', vus: 1, duration: '300ms', gracefulStop: '100ms', exec });
        export const options = { scenarios: { a: it('sleeps'), b: it('waits'), c: it('calculates') }, thresholds: { iterations: ['count==0'] } };
        export function sleeps() { sleep(50); }
        export function waits() { http.get(__ENV.URL + '/waits?ms=50000'); }
        export function calculates() { for (;;); }`);
      expect(result.exitCode).toBe(0);
      expect(result.value('iterations', 'count')).toBe(0);
      expect(result.stdout).toContain('3 interrupted iterations');
    },
    minute,
  );
});

describe('how a test ends', () => {
  const one = (body: string, options = '{}', more = '') =>
    `import { check, fail, sleep } from 'k6';\nexport const options = ${options};\n${more}\nexport default function () { ${body} }\n`;

  test.each([
    ['a check fails and nothing is said about it', one(`check(1, { two: (n) => n === 2 });`), 0, ''],
    [
      'a threshold fails',
      one(`check(1, { two: (n) => n === 2 });`, `{ thresholds: { checks: ['rate>0.5'] } }`),
      99,
      'thresholds have failed',
    ],
    ['an iteration throws: said with its place, and no more', one(`fail('oh no');`), 0, 'script.ts:4:'],
    [
      'setup throws',
      one('', '{}', `export function setup() { throw new Error('no data'); }`),
      107,
      'setup failed: Error: no data',
    ],
    [
      'setup takes too long',
      one('', `{ setupTimeout: '200ms' }`, `export function setup() { sleep(20); }`),
      100,
      'setup',
    ],
    [
      'teardown takes too long',
      one('', `{ teardownTimeout: '200ms' }`, `export function teardown() { sleep(20); }`),
      101,
      'teardown',
    ],
    ['the init context throws', one('', '{}', `throw new Error('no address');`), 107, 'script.ts:3:'],
    ['it is no JavaScript', 'export default function () {', 107, 'script.ts:1:'],
    [
      'an unknown module',
      `import grpc from 'k6/net/grpc';\nexport default function () { grpc.x(); }`,
      104,
      '"k6/net/grpc"',
    ],
    [
      'a module from the web',
      `import x from 'https://jslib.k6.io/x.js';\nexport default function () { x(); }`,
      104,
      'jslib',
    ],
    [
      'an unknown function by name',
      `import { batch } from 'k6/http';\nexport default function () { batch([]); }`,
      104,
      '"batch"',
    ],
    [
      'an unknown function of the default',
      `import http from 'k6/http';\n// http.get is known\nexport default function () { http.batch([]); }`,
      104,
      'batch of k6/http',
    ],
    [
      'an unknown parameter, caught or not',
      `import http from 'k6/http';\nexport const options = { iterations: 50 };\nexport default function () { try { http.get('http://127.0.0.1:9/', { auth: 'basic' }); } catch {} }`,
      104,
      'http params auth',
    ],
    [
      'an unknown function by a computed name',
      `import http from 'k6/http';\nexport default function () { http['bat' + 'ch']([]); }`,
      104,
      'batch of k6/http',
    ],
    ['an unknown option', one('', `{ rps: 3 }`), 104, 'rps'],
    ['an unknown metric', one('', `{ thresholds: { http_req_time: ['p(95)<1'] } }`), 104, 'http_req_time'],
    ['what Node has and k6 has not', one('process.exit(0);'), 0, 'process is not defined'],
    [
      'a metric that is made too late',
      `import { Trend } from 'k6/metrics';\nexport default function () { new Trend('late'); }`,
      0,
      'init context',
    ],
  ])(
    '%s',
    async (_what, script, exitCode, said) => {
      const result = await run(script);
      expect(result.stderr).toContain(said);
      expect(result.exitCode).toBe(exitCode);
    },
    minute,
  );

  test(
    'handleSummary gets the figures, and its texts go where it says',
    async () => {
      const result = await run(
        `${one('sleep(0.01);')}export function handleSummary(data) {
          return { stdout: 'ran ' + data.metrics.iterations.values.count + ' of ' + data.metrics.iterations.type };
        }`,
      );
      expect(result.stdout).toContain('ran 1 of counter');
      expect(result.stdout).not.toContain('TOTAL RESULTS');
    },
    minute,
  );

  test(
    'abortOnFail ends it early',
    async () => {
      const result = await run(
        one(
          'sleep(0.05); check(1, { two: (n) => n === 2 });',
          `{ duration: '50s', thresholds: { checks: [{ threshold: 'rate>0.5', abortOnFail: true }] } }`,
        ),
      );
      expect(result.exitCode).toBe(99);
      expect(result.stderr).toContain('abortOnFail: checks: rate>0.5');
    },
    minute,
  );

  test(
    'a signal ends it with what it has measured',
    async () => {
      const script = one(`console.error('under way'); sleep(50);`, `{ duration: '50s' }`);
      const result = await runScript(script, {}, (text, kill) => {
        if (text.includes('under way')) kill('SIGINT');
      });
      expect(result.exitCode).toBe(105);
      expect(result.stdout).toContain('1 interrupted iterations');
    },
    minute,
  );
});

describe('the smoke tests of the services', () => {
  const file = (name: string) => ({ file: path.resolve(import.meta.dirname, '..', '..', 'k6', name) });

  test.each(['api.ts', 'streaming.ts'])(
    '%s says which address it needs',
    async (name) => {
      const result = await runScript(file(name));
      expect(result.exitCode).toBe(107);
      expect(result.stderr).toContain('BASE_URL is not set');
    },
    minute,
  );

  test(
    'api.ts fails, and early, when the api answers with errors',
    async () => {
      const result = await runScript(file('api.ts'), { BASE_URL: `${server.url}/broken?failEvery=1&path=` });
      expect(result.exitCode).toBe(99);
      expect(result.stderr).toContain('abortOnFail: http_req_failed: rate<0.01');
      expect(result.value('http_req_failed', 'value')).toBe(1);
    },
    minute,
  );
});
