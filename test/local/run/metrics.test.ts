import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { until } from '../../support/until.ts';
import { runCloud, type RunCloud } from './run-cloud.ts';
import { skippingClock, type SkippingClock } from './skipping-clock.ts';

let run: RunCloud;
let clock: SkippingClock;
let uri: string;
beforeAll(async () => {
  clock = skippingClock();
  run = await runCloud({ clock });
  uri = (await run.deploy('measured', {}, { template: { revision: 'measured-1' } })).uri ?? '';
});
afterAll(() => run.close());
beforeEach(() => {
  run.measurements.length = 0;
});

const measured = async (count: number): Promise<[string, string | undefined, number][]> => {
  await until(() => run.measurements.length >= count, `${count} measurements`);
  return run.measurements.map(({ metric, value }) => [
    metric.type.replace('run.googleapis.com/', ''),
    metric.labels.response_code,
    value,
  ]);
};

test('a request is counted once it is over, with its code, its revision and its time', async () => {
  await fetch(`${uri}/`).then((response) => response.text());
  expect(await measured(2)).toEqual([
    ['request_count', '200', 1],
    ['request_latencies', '200', expect.any(Number)],
  ]);
  expect(run.measurements[0]).toMatchObject({
    project: 'test-project',
    metric: { labels: { response_code: '200', response_code_class: '2xx' } },
    resource: {
      type: 'cloud_run_revision',
      labels: {
        project_id: 'test-project',
        location: 'europe-west1',
        service_name: 'measured',
        configuration_name: 'measured',
        revision_name: 'measured-1',
      },
    },
  });
});

test('an instance that breaks the connection is counted as 503', async () => {
  await fetch(`${uri}/reset`).then((response) => response.text());
  expect((await measured(2)).map(([, code]) => code)).toEqual(['503', '503']);
});

test('a request that never reached a container is not counted', async () => {
  const { uri: closed } = await run.deploy('closed', {}, { invokerIamDisabled: false });
  expect((await fetch(closed ?? '')).status).toBe(403);
  await fetch(`${uri}/`).then((response) => response.text());
  await measured(2);
  expect(run.measurements.map(({ resource }) => resource.labels.service_name)).toEqual([
    'measured',
    'measured',
  ]);
});

test('a WebSocket is one request that is counted at its end, however long it lasts (trap 24)', async () => {
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const request = httpRequest(`${uri}/`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'x',
        'sec-websocket-version': '13',
      },
    });
    request.once('upgrade', (_, upgraded: Duplex) => {
      resolve(upgraded);
    });
    request.once('error', reject);
    request.end();
  });
  clock.skip(120_000);
  expect(run.measurements).toEqual([]);
  socket.destroy();
  const [count, latency] = await measured(2);
  expect(count).toEqual(['request_count', '101', 1]);
  expect(latency?.[2]).toBeGreaterThanOrEqual(120_000);
});

test('the start of a container is not part of the latency', async () => {
  const { uri: cold } = await run.deploy('cold', {}, { template: { revision: 'cold-1' } });
  await run.deploy('cold', {}, { template: { revision: 'cold-2' } });
  // Only the tag leads to the first one, so it has ended by now.
  await run.route('cold', [
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'cold-2', percent: 100 },
    { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: 'cold-1', percent: 0, tag: 'old' },
  ]);
  clock.skip(61_000);
  const tagged = (await run.get('cold')).trafficStatuses?.find(({ tag }) => tag === 'old')?.uri ?? '';
  expect(tagged).not.toBe(cold);
  const asked = Date.now();
  const answering = fetch(`${tagged}/`).then((response) => response.text());
  await answering;
  const tookMs = Date.now() - asked;
  const [, latency] = await measured(2);
  const [entry] = run.logOf('run.googleapis.com/requests').slice(-1) as {
    httpRequest?: { latency?: string };
  }[];
  // The log has the whole time; the metric only the instance's part.
  const wholeMs = Number.parseFloat(entry?.httpRequest?.latency ?? '') * 1000;
  expect(wholeMs).toBeLessThanOrEqual(tookMs + 5);
  expect(latency?.[2]).toBeLessThan(wholeMs);
});
