import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { openMonitoring } from '../../functions/platform/monitoring.ts';
import { latencyBoundsMs } from '../../functions/verdict/latency-bounds.ts';
import { createMetadataRoom } from '../../local/metadata/metadata-room.ts';
import { createMonitoringRoom } from '../../local/monitoring/monitoring-room.ts';
import * as telemetry from '../../services/telemetry/src/revision-metrics.ts';
import { testCloud } from '../support/cloud-context.ts';

test('latencies are counted in the buckets that the verdict compares', () => {
  expect(telemetry.latencyBoundsMs).toEqual(latencyBoundsMs);
});

test('what a service reports of itself is what the pipeline reads, seconds later', async () => {
  const cloud = await testCloud();
  await cloud.serve([createMetadataRoom(cloud.context).room, createMonitoringRoom(cloud.context).room]);
  const { origin } = cloud.context;
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/broken' ? 500 : 200).end();
  });
  const logged: string[] = [];
  const metrics = telemetry.startRevisionMetrics(
    {
      K_SERVICE: 'api',
      K_REVISION: 'api-1',
      GCE_METADATA_HOST: new URL(origin).host,
      CLOUD_API_ENDPOINT: origin,
    },
    (severity, message) => logged.push(`${severity} ${message}`),
  );
  try {
    await fetch(`${origin}/local/monitoring/visibility`, {
      method: 'PUT',
      body: JSON.stringify({ userDefinedSeconds: 0 }),
    });
    metrics.watch(server, new Set(['/health']));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const from = new Date(Date.now() - 1000);
    for (const url of ['/', '/broken', '/', '/health', '/'])
      await (await fetch(`http://127.0.0.1:${port}${url}`)).text();
    const verification = { headers: { 'user-agent': 'slipway-verification' } };
    await (await fetch(`http://127.0.0.1:${port}/broken`, verification)).text();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await metrics.stop(10_000);
    const monitoring = openMonitoring(createGoogleApi(origin), 'test-project', 'europe-west1');
    const reported = await monitoring.reported('api', from, new Date(Date.now() + 10_000));
    expect(reported).toEqual([
      { revision: 'api-1', total: 4, errors: 1, latency: expect.any(Array), boundsMs: latencyBoundsMs },
    ]);
    expect(reported[0]?.latency.reduce((sum, count) => sum + count, 0)).toBe(4);
    expect(logged).toEqual([]);
  } finally {
    server.close();
    await cloud.close();
  }
});
