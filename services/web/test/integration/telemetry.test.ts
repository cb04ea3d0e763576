import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { otlpEnv, pointsOf, spansOf } from 'slipway-telemetry/testing/otlp.ts';
import { startReceiver } from 'slipway-telemetry/testing/receiver.ts';
import { dsnOf, eventsOf, placeOf } from 'slipway-telemetry/testing/sentry.ts';
import { tryOutages } from 'slipway-telemetry/testing/try-outages.ts';
import type { RunningService } from 'slipway-telemetry/testing/try-outages.ts';
import { build } from '../../build.ts';
import { startService, stopService } from '../support/service.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import type { TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const addresses = { API_URL: 'http://127.0.0.1:9001', STREAMING_URL: 'http://127.0.0.1:9002' };
const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let folder: TempFolder;
before(async () => {
  folder = await makeTempFolder();
  await build(dist());
});
after(() => folder?.remove());

const dist = () => join(folder.path, 'dist');
const begin = (from: string, env: Readonly<Record<string, string>>): Promise<RunningService> =>
  startService({ ...addresses, ...env }, join(from, 'server.js'));

async function use({ url }: Pick<RunningService, 'url'>): Promise<void> {
  for (const path of ['/', '/config.json']) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 200);
    await response.arrayBuffer();
  }
}

test('no telemetry backend can keep web from its work', { timeout: 300_000 }, (t) =>
  tryOutages(t, { dist: dist(), start: begin, use }),
);

test('the built web exports requests, hands its trace to the page, and reports errors', async (t) => {
  const receiver = await startReceiver();
  t.after(receiver.close);
  const env = { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver), COMMIT_SHA: 'f'.repeat(40) };
  const service = await begin(dist(), env);
  t.after(() => service.kill('SIGKILL'));
  await until(
    () => service.logs.map(({ message }) => message).join(),
    (said) => said.includes('telemetry: traces, metrics by') && said.includes('telemetry: errors to'),
  );
  const headers = { traceparent: `00-${parent.traceId}-${parent.spanId}-01` };
  const { traceparent } = await (await fetch(`${service.url}/config.json`, { headers })).json();
  const span = await receiver.until(
    () => spansOf(receiver).find(({ name }) => name === 'GET /config.json'),
    'the request',
  );
  assert.deepEqual([span.traceId, span.parentSpanId], [parent.traceId, parent.spanId]);
  assert.equal(traceparent, `00-${parent.traceId}-${span.spanId}-01`);

  // A file that is gone is a mistake of this service.
  await rm(join(dist(), 'public', 'index.html'));
  const plain = { ...headers, 'accept-encoding': 'identity' };
  assert.equal((await fetch(`${service.url}/?author=Ada`, { headers: plain })).status, 500);
  const [event] = await receiver.until(() => {
    const events = eventsOf(receiver);
    return events.length > 0 ? events : undefined;
  }, 'an event');
  const failed = await receiver.until(
    () => spansOf(receiver).find(({ name }) => name === 'GET /'),
    'its span',
  );
  assert.deepEqual(
    [event?.release, event?.contexts?.trace?.trace_id, event?.contexts?.trace?.span_id],
    ['f'.repeat(40), parent.traceId, failed.spanId],
  );
  assert.equal(event?.request?.url, '/');
  const place = placeOf(event);
  assert.match(place?.filename ?? '', /src\/server\/request-handler\.ts$/);
  assert.match(place?.context_line ?? '', /await readFile\(/);
  assert.ok(failed.failed);

  const durations = await receiver.until(() => {
    const points = pointsOf(receiver).filter(({ metric }) => metric === 'http.server.request.duration');
    return points.length > 1 ? points : undefined;
  }, 'durations');
  assert.ok(durations.every(({ type }) => type === 'histogram'));
  assert.equal((await stopService({ ...service })).code, 0);
  assert.deepEqual(
    service.logs.filter(({ severity }) => severity === 'WARNING'),
    [],
  );
});
