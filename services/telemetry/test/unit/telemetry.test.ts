import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { startSentry } from '../../src/sentry.ts';
import { serveTraced } from '../../src/serve.ts';
import type { SourceOf } from '../../src/source-lines.ts';
import { startTelemetry } from '../../src/telemetry.ts';
import type { Loaders, Telemetry } from '../../src/telemetry.ts';
import { traceQuery } from '../../src/trace-query.ts';
import { logsOf, otlpEnv, pointsOf, spansOf } from '../../testing/otlp.ts';
import { startReceiver } from '../../testing/receiver.ts';
import type { Receiver } from '../../testing/receiver.ts';
import { dsnOf, eventsOf, placeOf } from '../../testing/sentry.ts';
import { until } from '../support/until.ts';

const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
const traceparent = `00-${parent.traceId}-${parent.spanId}-01`;

interface Line {
  readonly severity: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

async function receiving(t: TestContext, status?: number): Promise<Receiver> {
  const receiver = await startReceiver(status);
  t.after(receiver.close);
  return receiver;
}

function start(t: TestContext, env: Record<string, string>, load?: Loaders) {
  const lines: Line[] = [];
  const telemetry = startTelemetry({
    env,
    serviceName: 'tested',
    write: (line) => lines.push(JSON.parse(line)),
    ...(load ? { load } : {}),
  });
  t.after(() => telemetry.stop(100));
  const loaded = (what: string) =>
    until(
      () => lines.some(({ message }) => message.startsWith('telemetry: ') && message.includes(what)),
      (there) => there,
    );
  return { telemetry, lines, loaded };
}

const routeOf = (path: string) => (path === '/health' ? 'untraced' : path === '/known' ? path : undefined);

/** A server that is traced; what it answers with. */
async function serve(t: TestContext, telemetry: Telemetry, handle: (path: string) => Promise<number>) {
  const server = createServer(
    serveTraced(telemetry, routeOf, async (request, response) => {
      response.writeHead(await handle(request.url ?? '')).end();
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
}

const refuse = () => Promise.reject(new Error('loaded'));
const fail = () => {
  throw new Error('broken inside');
};

describe('nothing configured', () => {
  test('no backend is loaded, and everything works', async (t) => {
    const { telemetry, lines } = start(t, {}, { openTelemetry: refuse, sentry: refuse });
    const get = await serve(t, telemetry, async () => 200);
    assert.equal((await get('/known')).status, 200);
    assert.equal(await traceQuery(telemetry, { summary: 'x', sql: 'y' }, async () => 5), 5);
    telemetry.report(new Error('told to nobody'));
    telemetry.measure('websocket.server.messages', 1);
    assert.deepEqual([telemetry.tracing(), telemetry.traceparent()], [false, undefined]);
    await telemetry.stop(100);
    assert.deepEqual(lines, []);
  });

  for (const [header, value] of [
    ['traceparent', traceparent],
    ['x-cloud-trace-context', `${parent.traceId}/${BigInt(`0x${parent.spanId}`)};o=1`],
  ] as const) {
    test(`the log carries the trace of the request all the same (${header})`, async (t) => {
      const { telemetry, lines } = start(t, {});
      const get = await serve(t, telemetry, async () => {
        await Promise.resolve();
        telemetry.log('INFO', 'within', { extra: 1 });
        return 200;
      });
      await get('/known', { headers: { [header]: value } });
      telemetry.log('INFO', 'outside');
      const [within, outside] = lines;
      assert.equal(within?.['logging.googleapis.com/trace'], parent.traceId);
      assert.equal(within['logging.googleapis.com/spanId'], parent.spanId);
      assert.equal(within['logging.googleapis.com/trace_sampled'], true);
      assert.deepEqual([within.message, within['extra']], ['within', 1]);
      assert.equal(outside?.['logging.googleapis.com/trace'], undefined);
    });
  }

  test('on Google Cloud the trace is named with its project', async (t) => {
    const metadata = createServer((request, response) => {
      assert.equal(request.headers['metadata-flavor'], 'Google');
      response.end(request.url?.endsWith('/project/project-id') ? 'my-project' : '');
    }).listen(0, '127.0.0.1');
    await once(metadata, 'listening');
    t.after(() => void metadata.close());
    const host = `127.0.0.1:${(metadata.address() as AddressInfo).port}`;
    const { telemetry, lines } = start(t, { K_SERVICE: 'api', GCE_METADATA_HOST: host });
    await until(
      () => {
        telemetry.within(parent, () => telemetry.log('INFO', 'said'));
        return lines.at(-1)?.['logging.googleapis.com/trace'];
      },
      (trace) => trace === `projects/my-project/traces/${parent.traceId}`,
    );
  });
});

describe('the start', () => {
  test('nothing starts that nobody asked for', (t) => {
    assert.equal(start(t, {}).telemetry.starting, undefined);
    assert.equal(start(t, { SENTRY_DSN: 'garbage' }).telemetry.starting, undefined);
  });

  test('is over once each backend is there', async (t) => {
    const receiver = await receiving(t);
    const { telemetry } = start(t, { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) });
    assert.equal(telemetry.tracing(), false);
    await telemetry.starting;
    assert.equal(telemetry.tracing(), true);
    telemetry.report(new Error('right away'));
    await receiver.until(() => eventsOf(receiver)[0], 'the error');
  });

  test('is over when none can be loaded, too', async (t) => {
    const receiver = await receiving(t);
    const { telemetry, lines } = start(
      t,
      { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) },
      { openTelemetry: refuse, sentry: refuse },
    );
    await telemetry.starting;
    assert.equal(telemetry.tracing(), false);
    assert.equal(lines.length, 2);
  });

  test('a project that is known is not asked for', async (t) => {
    const metadata = createServer(() => assert.fail('asked')).listen(0, '127.0.0.1');
    await once(metadata, 'listening');
    t.after(() => void metadata.close());
    const host = `127.0.0.1:${(metadata.address() as AddressInfo).port}`;
    const lines: Line[] = [];
    const telemetry = startTelemetry({
      env: { K_SERVICE: 'f', GCE_METADATA_HOST: host },
      serviceName: 'f',
      project: 'known',
      write: (line) => lines.push(JSON.parse(line)),
    });
    telemetry.within(parent, () => telemetry.log('NOTICE', 'said'));
    assert.equal(lines[0]?.['logging.googleapis.com/trace'], `projects/known/traces/${parent.traceId}`);
    assert.equal(lines[0]?.severity, 'NOTICE');
  });
});

describe('OpenTelemetry', () => {
  test('a request with its query: one trace, histograms, the event loop, and logs when asked for', async (t) => {
    const receiver = await receiving(t);
    const { telemetry, loaded } = start(t, {
      ...otlpEnv(receiver),
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=1',
      COMMIT_SHA: 'abc',
    });
    await loaded('traces, metrics, logs');
    const get = await serve(t, telemetry, async (path) => {
      if (path === '/health') return 200;
      const query = { summary: 'SELECT messages', sql: 'select $1' };
      await traceQuery(telemetry, query, async () => telemetry.log('WARNING', 'inside', { status: 5 }));
      return path.startsWith('/known') ? 200 : 500;
    });
    await get('/known?author=Ada', { headers: { traceparent } });
    await get('/health');
    await get('/unknown/Ada');
    const spans = await receiver.until(() => {
      const found = spansOf(receiver);
      return found.length >= 4 ? found : undefined;
    }, 'four spans');
    assert.equal(spans.length, 4);
    const [server, failed] = ['GET /known', 'GET'].map((name) => spans.find((span) => span.name === name));
    assert.deepEqual(
      [server?.traceId, server?.parentSpanId, server?.kind, server?.failed],
      [parent.traceId, parent.spanId, 2, false],
    );
    assert.deepEqual(server?.attributes, {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': '/known',
      'http.route': '/known',
      'http.response.status_code': 200,
    });
    assert.deepEqual(
      [server?.resource['service.name'], server?.resource['service.version']],
      ['tested', 'abc'],
    );
    assert.ok(failed?.failed);
    assert.equal(failed.attributes['error.type'], '500');
    const query = spans.find((span) => span.parentSpanId === server?.spanId);
    assert.deepEqual([query?.name, query?.kind, query?.traceId], ['SELECT messages', 3, parent.traceId]);
    assert.equal(query?.attributes['db.query.text'], 'select $1');

    await receiver.until(() => (logsOf(receiver).length > 1 ? true : undefined), 'logs');
    const log = logsOf(receiver).find(({ body }) => body === 'inside');
    assert.deepEqual([log?.severity, log?.traceId], ['WARNING', parent.traceId]);

    const pointsNow = (metric: string) => pointsOf(receiver).filter((point) => point.metric === metric);
    const durations = await receiver.until(() => {
      const points = pointsNow('http.server.request.duration');
      return points.some(({ attributes }) => attributes['http.response.status_code'] === 500)
        ? points
        : undefined;
    }, 'durations');
    assert.ok(durations.every(({ type }) => type === 'histogram'));
    assert.ok(
      durations.some(({ count, attributes }) => count === 1 && attributes['http.route'] === '/known'),
    );
    assert.ok(durations.every(({ attributes }) => attributes['url.path'] === undefined));
    assert.equal(pointsNow('http.server.active_requests').at(-1)?.value, 0);
    assert.equal(pointsNow('db.client.operation.duration').at(-1)?.count, 2);
    for (const name of ['mean', 'max', 'p50', 'p90', 'p99'])
      assert.ok(Number(pointsNow(`nodejs.eventloop.delay.${name}`).at(-1)?.value) >= 0, name);
    assert.ok(Number(pointsNow('nodejs.eventloop.utilization').at(-1)?.value) <= 1);
    assert.ok(receiver.received.every(({ headers }) => headers['x-key'] === '1'));
  });

  test('protobuf, compressed, is what it sends unless told otherwise', async (t) => {
    const receiver = await receiving(t);
    const { OTEL_EXPORTER_OTLP_PROTOCOL: _json, ...env } = otlpEnv(receiver);
    const { telemetry, loaded } = start(t, { ...env, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' });
    await loaded('OpenTelemetry');
    telemetry.startSpan({ name: 'in protobuf', kind: 'client', parent: undefined, attributes: {} })?.end({});
    const traces = await receiver.until(
      () => receiver.received.find(({ path }) => path === '/v1/traces'),
      'a trace',
    );
    assert.deepEqual(
      [traces.headers['content-type'], traces.headers['content-encoding']],
      ['application/x-protobuf', 'gzip'],
    );
    assert.ok(traces.body.includes('in protobuf'));
  });

  test("a trace that its beginning does not keep is not kept; the parent's place is handed on", async (t) => {
    const receiver = await receiving(t);
    const { telemetry, loaded } = start(t, otlpEnv(receiver));
    await loaded('OpenTelemetry');
    const kept = { name: 'kept', kind: 'client', parent, attributes: {} } as const;
    const span = telemetry.startSpan({ ...kept, name: 'dropped', parent: { ...parent, sampled: false } });
    assert.deepEqual([span?.context.traceId, span?.context.sampled], [parent.traceId, false]);
    span?.end({});
    telemetry.startSpan(kept)?.end({});
    await receiver.until(() => (spansOf(receiver).length > 0 ? true : undefined), 'a span');
    assert.deepEqual(
      spansOf(receiver).map(({ name }) => name),
      ['kept'],
    );
  });

  test("to Google: with the instance's account, in its project", async (t) => {
    const receiver = await receiving(t);
    const metadata = createServer((request, response) => {
      const answers: Record<string, string> = {
        'project/project-id': 'my-project',
        'instance/region': 'projects/1/regions/europe-west1',
        'instance/service-accounts/default/token': JSON.stringify({ access_token: 'tok', expires_in: 3600 }),
      };
      response.end(answers[(request.url ?? '').replace('/computeMetadata/v1/', '')]);
    }).listen(0, '127.0.0.1');
    await once(metadata, 'listening');
    t.after(() => {
      metadata.closeAllConnections();
      metadata.close();
    });
    const { telemetry, loaded } = start(t, {
      ...otlpEnv(receiver),
      CLOUD_API_ENDPOINT: receiver.origin,
      GCE_METADATA_HOST: `127.0.0.1:${(metadata.address() as AddressInfo).port}`,
      K_SERVICE: 'api',
    });
    await loaded('OpenTelemetry');
    telemetry.startSpan({ name: 'x', kind: 'client', parent: undefined, attributes: {} })?.end({});
    const [span] = await receiver.until(() => {
      const spans = spansOf(receiver);
      return spans.length > 0 ? spans : undefined;
    }, 'a span');
    assert.deepEqual(
      [span?.resource['gcp.project_id'], span?.resource['cloud.region']],
      ['my-project', 'europe-west1'],
    );
    const { headers } = receiver.received.find(({ path }) => path === '/v1/traces') ?? {};
    assert.deepEqual(
      [headers?.authorization, headers?.['x-goog-user-project']],
      ['Bearer tok', 'my-project'],
    );
  });

  test('who was there before it is loaded is counted when it is, and leaves none below zero', async (t) => {
    const receiver = await receiving(t);
    const { telemetry, loaded } = start(t, otlpEnv(receiver));
    telemetry.measure('websocket.server.active_connections', 1);
    telemetry.measure('websocket.server.active_connections', 1);
    await loaded('OpenTelemetry');
    telemetry.measure('websocket.server.active_connections', -1);
    await receiver.until(
      () => pointsOf(receiver).find(({ metric, value }) => metric.startsWith('websocket.') && value === 1),
      'the one that is left',
    );
  });

  test('a backend that throws in the middle of the work is let go of, and said so once', async (t) => {
    const { telemetry, lines } = start(t, otlpEnv({ origin: 'http://127.0.0.1:1' }), {
      openTelemetry: async () => ({
        startOpenTelemetry: async () => ({ startSpan: fail, measure: fail, emitLog: () => {}, stop: fail }),
      }),
      sentry: () => Promise.reject(new Error('not asked for')),
    });
    await until(telemetry.tracing, (on) => on);
    const get = await serve(t, telemetry, async () => 200);
    assert.equal((await get('/known')).status, 200);
    assert.equal((await get('/known')).status, 200);
    assert.equal(telemetry.tracing(), false);
    const warnings = lines.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message);
    assert.deepEqual(warnings, [
      'telemetry: OpenTelemetry does not work: broken inside; the service goes on without',
    ]);
  });

  test('what cannot be sent is said once, however often it fails', async (t) => {
    const receiver = await receiving(t, 403);
    const { telemetry, lines, loaded } = start(t, otlpEnv(receiver));
    await loaded('traces');
    await receiver.until(() => (receiver.received.length > 3 ? true : undefined), 'four refusals');
    await telemetry.stop(1000);
    const warnings = lines.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message);
    assert.deepEqual(warnings, [
      `telemetry: OpenTelemetry does not work: ${receiver.host} answered 403; the service goes on without`,
    ]);
  });
});

describe('Sentry', () => {
  test('an error: with release, environment, the place in the trace, and nothing personal', async (t) => {
    const receiver = await receiving(t);
    const { telemetry, loaded } = start(t, {
      SENTRY_DSN: dsnOf(receiver),
      SENTRY_ENVIRONMENT: 'staging',
      COMMIT_SHA: 'f'.repeat(40),
    });
    await loaded('Sentry');
    const server = createServer((request, response) => {
      telemetry.within(parent, () => {
        const cause = new TypeError('no row for ada@example.com');
        telemetry.report(new Error('password=hunter2 was refused by 203.0.113.7', { cause }), request);
      });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => void server.close());
    await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/messages?author=Ada`, {
      method: 'POST',
      body: 'the secret text',
      headers: { authorization: 'Bearer abcdefgh', cookie: 'session=1', 'x-forwarded-for': '203.0.113.9' },
    });
    const [event] = await receiver.until(() => {
      const events = eventsOf(receiver);
      return events.length > 0 ? events : undefined;
    }, 'an event');
    assert.deepEqual([event?.release, event?.environment], ['f'.repeat(40), 'staging']);
    assert.deepEqual(
      [event?.contexts?.trace?.trace_id, event?.contexts?.trace?.span_id],
      [parent.traceId, parent.spanId],
    );
    const values = event?.exception?.values.map(({ type, value }) => `${type}: ${value}`).toSorted();
    assert.deepEqual(values, [
      'Error: password=[removed] was refused by [removed]',
      'TypeError: no row for [removed]',
    ]);
    assert.equal(event?.request?.url, '/messages');
    const sent = Buffer.concat(receiver.received.map(({ body }) => body)).toString();
    for (const personal of [
      'hunter2',
      'ada@',
      '203.0.113',
      'abcdefgh',
      'session=1',
      'author=',
      'secret text',
    ])
      assert.ok(!sent.includes(personal), personal);
    assert.match(sent, /telemetry\.test\.ts/);
  });

  const here = /telemetry\.test\.ts$/;
  const lookups: readonly [what: string, sources: () => Promise<SourceOf>, line: string | undefined][] = [
    [
      'its lines',
      async () => (path) =>
        here.test(path)
          ? { name: 'the test', lines: Array.from({ length: 1000 }, () => 'token=hunter2') }
          : undefined,
      'token=[removed]',
    ],
    ['none of the lines that nobody knows', async () => () => undefined, undefined],
    ['none when looking fails', async () => fail, undefined],
    ['none when nobody can look', refuse, undefined],
  ];
  for (const [what, sources, line] of lookups) {
    test(`an error goes out with ${what}`, async (t) => {
      const receiver = await receiving(t);
      const dsn = { text: dsnOf(receiver), host: receiver.host };
      const errors = startSentry({
        settings: { dsn, release: undefined, environment: 'test' },
        serviceName: 'tested',
        onFailure: (error) => assert.fail(String(error)),
        stopped: new AbortController().signal,
        sources,
      });
      errors.report({ error: new Error('told'), trace: undefined });
      await errors.stop();
      const [event] = eventsOf(receiver);
      assert.equal(event?.exception?.values[0]?.value, 'told');
      assert.equal(placeOf(event)?.context_line, line);
    });
  }

  test('what went wrong before Sentry was there is told all the same', async (t) => {
    const receiver = await receiving(t);
    const { telemetry } = start(t, { SENTRY_DSN: dsnOf(receiver) });
    telemetry.report(new Error('fails at its start'));
    await telemetry.stop(10_000);
    assert.equal(eventsOf(receiver)[0]?.exception?.values[0]?.value, 'fails at its start');
  });

  test('one that never answers does not hold up the end', async (t) => {
    const sockets = new Set<Socket>();
    const silent = createTcpServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    // A process of its own: what keeps it alive would keep this one alive, too.
    const program = `
      const { startTelemetry } = await import(${JSON.stringify(new URL('../../src/telemetry.ts', import.meta.url).href)});
      const telemetry = startTelemetry({ env: process.env, serviceName: 'tested' });
      telemetry.report(new Error('told to nobody'));
      await telemetry.stop(300);
      console.log('stopped');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { SENTRY_DSN: dsnOf({ host }) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stoppedAt = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('stopped')) stoppedAt = performance.now();
    });
    const [exitCode] = await once(child, 'exit');
    assert.equal(exitCode, 0);
    assert.ok(stoppedAt > 0 && performance.now() - stoppedAt < 2500);
  });

  test('what cannot be sent is said once, and stopping does not wait for it', async (t) => {
    const receiver = await receiving(t, 500);
    const { telemetry, lines, loaded } = start(t, { SENTRY_DSN: dsnOf(receiver) });
    await loaded('Sentry');
    telemetry.report(new Error('one'));
    telemetry.report(new Error('two'));
    await receiver.until(() => (receiver.received.length > 1 ? true : undefined), 'two refusals');
    await telemetry.stop(1000);
    const warnings = lines.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message);
    assert.deepEqual(warnings, [
      `telemetry: Sentry does not work: ${receiver.host} answered 500; the service goes on without`,
    ]);
  });
});
