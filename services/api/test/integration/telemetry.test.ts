import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { logsOf, otlpEnv, pointsOf, spansOf } from 'slipway-telemetry/testing/otlp.ts';
import { startReceiver } from 'slipway-telemetry/testing/receiver.ts';
import { dsnOf, eventsOf, placeOf } from 'slipway-telemetry/testing/sentry.ts';
import { tryOutages } from 'slipway-telemetry/testing/try-outages.ts';
import type { RunningService } from 'slipway-telemetry/testing/try-outages.ts';
import { build } from '../../build.ts';
import { startPostgres } from '../support/postgres.ts';
import type { Postgres } from '../support/postgres.ts';
import { spawnService, startService, stopService } from '../support/service.ts';
import { until } from '../support/until.ts';

let postgres: Postgres;
let database: Record<string, string>;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'board-api-'));
  [postgres] = await Promise.all([startPostgres(), build(join(folder, 'dist'))]);
  database = await postgres.createDatabase('board');
});
after(async () => {
  await postgres?.close();
  await rm(folder, { recursive: true, force: true });
});

const dist = () => join(folder, 'dist');
const begin = (from: string, env: Readonly<Record<string, string>>) =>
  startService({ ...database, ...env }, join(from, 'server.js'));

async function use({ url }: Pick<RunningService, 'url'>): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) {
    const posted = await fetch(`${url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ author: 'Ada', text: `turn ${turn}` }),
    });
    assert.equal(posted.status, 201);
    await posted.arrayBuffer();
  }
  assert.equal((await fetch(`${url}/messages`)).status, 200);
}

test('no telemetry backend can keep the api from its work', { timeout: 300_000 }, (t) =>
  tryOutages(t, { dist: dist(), start: begin, use }),
);

describe('the built api', () => {
  test('exports spans, metrics, logs and errors with the versions that are installed', async (t) => {
    const receiver = await startReceiver();
    const env = {
      ...otlpEnv(receiver),
      OTEL_LOGS_EXPORTER: 'otlp',
      SENTRY_DSN: dsnOf(receiver),
      COMMIT_SHA: 'f'.repeat(40),
    };
    try {
      const service = await begin(dist(), env);
      t.after(() => service.kill('SIGKILL'));
      await until(
        () => service.logs.map(({ message }) => message),
        (said) =>
          ['telemetry: traces, metrics, logs by', 'telemetry: errors'].every((start) =>
            said.some((line) => line.startsWith(start)),
          ),
      );
      await use(service);
      const insert = await receiver.until(
        () => spansOf(receiver).find(({ name }) => name === 'INSERT messages'),
        'a query',
      );
      const post = await receiver.until(
        () => spansOf(receiver).find(({ spanId }) => spanId === insert.parentSpanId),
        'its request',
      );
      assert.equal(post.name, 'POST /messages');
      assert.ok(!JSON.stringify(insert.attributes).includes('turn 1'));
      for (const metric of ['http.server.request.duration', 'db.client.operation.duration'])
        await receiver.until(
          () => pointsOf(receiver).find((point) => point.metric === metric && (point.count ?? 0) > 0),
          metric,
        );
      await receiver.until(
        () => pointsOf(receiver).find(({ metric }) => metric === 'nodejs.eventloop.delay.p99'),
        'the event loop',
      );
      assert.equal((await stopService(service)).code, 0);
      assert.ok(logsOf(receiver).some(({ body }) => body === 'shutting down'));
      assert.deepEqual(
        service.logs.filter(({ severity }) => severity !== 'INFO'),
        [],
      );
    } finally {
      await receiver.close();
    }
  });

  test('reports why it does not start, with its line in the source, and nothing of the configuration', async () => {
    const receiver = await startReceiver();
    try {
      const env = {
        ...database,
        DATABASE_PASSWORD: '',
        SENTRY_DSN: dsnOf(receiver),
        COMMIT_SHA: 'f'.repeat(40),
      };
      const { code, stderr } = await spawnService(env, join(dist(), 'server.js')).exited;
      assert.equal(code, 1);
      assert.match(stderr, /^environment variable DATABASE_PASSWORD is not set: .+\n$/);
      const [event] = eventsOf(receiver);
      assert.equal(event?.release, 'f'.repeat(40));
      assert.equal(event.exception?.values[0]?.type, 'ConfigError');
      const place = placeOf(event);
      assert.match(place?.filename ?? '', /^(?!\.).*src\/config\.ts$/);
      assert.match(place?.context_line ?? '', /^ {4}throw new ConfigError\(/);
      assert.deepEqual([place?.pre_context?.length, place?.post_context?.length], [5, 5]);
    } finally {
      await receiver.close();
    }
  });
});
