import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { latencyBoundsMs, startRevisionMetrics } from '../../src/revision-metrics.ts';
import type { RevisionMetrics } from '../../src/revision-metrics.ts';

interface Series {
  readonly metric: { readonly type: string; readonly labels: { readonly outcome?: string } };
  readonly resource: { readonly type: string; readonly labels: Readonly<Record<string, string>> };
  readonly metricKind: string;
  readonly points: readonly {
    readonly interval: { readonly startTime: string; readonly endTime: string };
    readonly value: {
      readonly int64Value?: string;
      readonly distributionValue?: { readonly count: string; readonly bucketCounts: readonly string[] };
    };
  }[];
}

interface Google {
  readonly env: Readonly<Record<string, string>>;
  readonly writes: (readonly Series[])[];
  readonly asked: string[];
  readonly logged: string[];
  /** What writes are answered; 0 never. */
  status: number;
}

async function listen(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** A metadata server and the API, both at one address. */
async function google(t: TestContext): Promise<Google> {
  const metadata: Readonly<Record<string, string>> = {
    '/computeMetadata/v1/project/project-id': 'board',
    '/computeMetadata/v1/instance/region': 'projects/123/regions/europe-west1',
    '/computeMetadata/v1/instance/service-accounts/default/token':
      '{"access_token":"a-token","expires_in":3599}',
  };
  const host = await listen(t, (request, response) => {
    const url = request.url ?? '';
    result.asked.push(`${url} ${request.headers['metadata-flavor'] ?? request.headers.authorization}`);
    const known = metadata[url];
    if (known !== undefined) {
      response.end(known);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      result.writes.push(JSON.parse(Buffer.concat(chunks).toString()).timeSeries);
      if (result.status !== 0) response.writeHead(result.status).end('{}');
    });
  });
  const result: Google = {
    env: {
      K_SERVICE: 'api',
      K_REVISION: 'api-1',
      GCE_METADATA_HOST: host,
      CLOUD_API_ENDPOINT: `http://${host}`,
    },
    writes: [],
    asked: [],
    logged: [],
    status: 200,
  };
  return result;
}

const start = ({ env, logged }: Google) =>
  startRevisionMetrics(env, (severity, message) => logged.push(`${severity} ${message}`));

// A request whose headers are all that is looked at.
const from = (userAgent?: string) => ({ headers: { 'user-agent': userAgent } }) as IncomingMessage;

/** The counts of the last report. */
function lastCounts({ writes }: Google) {
  const series = writes.at(-1) ?? [];
  const count = (outcome: string) =>
    Number(series.find(({ metric }) => metric.labels.outcome === outcome)?.points[0]?.value.int64Value);
  const latency = series.find(({ metric }) => metric.type.endsWith('/latencies'))?.points[0]?.value;
  return {
    ok: count('ok'),
    error: count('error'),
    buckets: latency?.distributionValue?.bucketCounts.map(Number) ?? [],
  };
}
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

async function settled(metrics: RevisionMetrics, cloud: Google) {
  await metrics.stop(5000);
  return lastCounts(cloud);
}

describe('startRevisionMetrics', () => {
  test('outside Cloud Run it does nothing', async () => {
    const metrics = startRevisionMetrics({ GCE_METADATA_HOST: '127.0.0.1:1' }, () =>
      assert.fail('it logged'),
    );
    const answer = metrics.begin(from());
    answer.begun();
    answer.ended('ok');
    metrics.watch(createServer(), new Set());
    await metrics.stop(0);
  });

  test('reports who it is, and what it has answered since it started', async (t) => {
    const cloud = await google(t);
    const metrics = start(cloud);
    metrics.begin(from()).ended('ok');
    metrics.begin(from('curl/8')).ended('ok');
    metrics.begin(from()).ended('error');
    const { ok, error, buckets } = await settled(metrics, cloud);
    assert.deepEqual([ok, error, sum(buckets)], [2, 1, 3]);
    const [series] = cloud.writes[0] ?? [];
    assert.equal(series?.metricKind, 'CUMULATIVE');
    const { task_id: task, ...labels } = series?.resource.labels ?? {};
    assert.deepEqual(labels, {
      project_id: 'board',
      location: 'europe-west1',
      namespace: 'api',
      job: 'api-1',
    });
    assert.match(task ?? '', /^[0-9a-f-]{36}$/);
    assert.ok(cloud.asked.includes('/v3/projects/board/timeSeries Bearer a-token'));
    assert.ok(cloud.asked.every((line) => /Google$|Bearer a-token$/.test(line)));
  });

  test('reports each five seconds, in points that are five seconds apart, also the last one', async (t) => {
    const cloud = await google(t);
    t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.parse('2026-01-01T00:00:00Z') });
    const metrics = start(cloud);
    metrics.begin(from()).ended('ok');
    t.mock.timers.tick(5000);
    await metrics.stop(60_000);
    const ends = cloud.writes.map(([series]) => series?.points[0]?.interval.endTime);
    assert.deepEqual(ends, ['2026-01-01T00:00:05.000Z', '2026-01-01T00:00:10.000Z']);
    assert.equal(lastCounts(cloud).ok, 1);
    // Who and where it is has been asked once.
    assert.equal(cloud.asked.filter((line) => line.includes('/token')).length, 1);
  });

  test('an answer counts once; its latency ends with its first bytes', async (t) => {
    const cloud = await google(t);
    const metrics = start(cloud);
    const answer = metrics.begin(from());
    answer.begun();
    await new Promise((resolve) => setTimeout(resolve, 120));
    answer.ended('ok');
    answer.ended('error');
    const { ok, error, buckets } = await settled(metrics, cloud);
    assert.deepEqual([ok, error], [1, 0]);
    assert.equal(sum(buckets.slice(0, latencyBoundsMs.indexOf(100))), 1);
  });

  for (const userAgent of ['slipway-verification', 'GoogleHC/1.0', 'kube-probe/1.30']) {
    test(`probes of ${userAgent} are not counted`, async (t) => {
      const cloud = await google(t);
      const metrics = start(cloud);
      metrics.begin(from(userAgent)).ended('error');
      assert.deepEqual(await settled(metrics, cloud), { ok: 0, error: 0, buckets: [] });
    });
  }

  test('an API that refuses is complained about once, and changes nothing else', async (t) => {
    const cloud = await google(t);
    cloud.status = 403;
    t.mock.timers.enable({ apis: ['setInterval'] });
    const metrics = start(cloud);
    metrics.begin(from()).ended('ok');
    t.mock.timers.tick(5000);
    await metrics.stop(60_000);
    assert.equal(cloud.writes.length, 2);
    assert.deepEqual(cloud.logged, [
      'WARNING the metrics of this instance could not be reported: /v3/projects/board/timeSeries answered 403',
    ]);
  });

  test('an API that never answers holds a shutdown up no longer than was allowed', async (t) => {
    const cloud = await google(t);
    cloud.status = 0;
    const metrics = start(cloud);
    const began = performance.now();
    await metrics.stop(50);
    assert.ok(performance.now() - began < 2000);
  });

  test('a metadata server that is not there is complained about, too', async () => {
    const logged: string[] = [];
    const env = { K_SERVICE: 'api', K_REVISION: 'api-1', GCE_METADATA_HOST: '127.0.0.1:1' };
    await startRevisionMetrics(env, (severity, message) => logged.push(`${severity} ${message}`)).stop(5000);
    assert.equal(logged.length, 1);
    assert.match(
      logged[0] ?? '',
      /^WARNING the metrics of this instance could not be reported: fetch failed: .+/,
    );
  });
});

const status =
  (code: number): RequestListener =>
  (_, response) =>
    void response.writeHead(code).end();

describe('watching a server', () => {
  const cases: readonly [string, RequestListener, { ok: number; error: number }][] = [
    ['200 is ok', status(200), { ok: 1, error: 0 }],
    ['404 is ok', status(404), { ok: 1, error: 0 }],
    ['429 of a rate limiter is no error (trap 17)', status(429), { ok: 1, error: 0 }],
    ['500 is an error', status(500), { ok: 0, error: 1 }],
    ['503 is an error', status(503), { ok: 0, error: 1 }],
    ['a broken connection is an error', (_, response) => void response.destroy(), { ok: 0, error: 1 }],
    [
      'an answer that is broken off is an error',
      (_, response) => {
        response.writeHead(200, { 'content-length': '10' });
        response.write('12345', () => response.destroy());
      },
      { ok: 0, error: 1 },
    ],
  ];
  for (const [name, listener, expected] of cases) {
    test(name, async (t) => {
      const cloud = await google(t);
      const metrics = start(cloud);
      const server = createServer(listener);
      metrics.watch(server, new Set(['/health']));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
      for (const path of ['/', '/health', '/health?deep'])
        await fetch(`${url}${path}`)
          .then((response) => response.text())
          .catch(() => {});
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      const { ok, error } = await settled(metrics, cloud);
      assert.deepEqual({ ok, error }, expected);
    });
  }

  test('a client that does not wait is no error of the service', async (t) => {
    const cloud = await google(t);
    const metrics = start(cloud);
    const giveUp = new AbortController();
    const server = createServer((_, response) => {
      response.once('close', () => server.close());
      giveUp.abort();
    });
    metrics.watch(server, new Set());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const closed = once(server, 'close');
    await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, {
      signal: giveUp.signal,
    }).catch(() => {});
    await closed;
    const { ok, error } = await settled(metrics, cloud);
    assert.deepEqual([ok, error], [1, 0]);
  });
});
