import { once } from 'node:events';
import { endWithError } from 'slipway-telemetry/fatal.ts';
import { startRevisionMetrics } from 'slipway-telemetry/revision-metrics.ts';
import { serveTraced } from 'slipway-telemetry/serve.ts';
import { startTelemetry } from 'slipway-telemetry/telemetry.ts';
import { loadAssets } from './src/server/assets.ts';
import { readConfig } from './src/server/config.ts';
import { createDrainableServer } from './src/server/drainable-server.ts';
import { createRequestHandler, routeOf } from './src/server/request-handler.ts';

const drainTimeoutMs = 4000;
const lastReportMs = 2000;

const telemetry = startTelemetry({ env: process.env, serviceName: 'web' });
const { log } = telemetry;

async function main(): Promise<void> {
  const startedAt = new Date().toISOString();
  const config = readConfig(process.env);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  // The bundle lies beside what it serves.
  const dist = new URL('./', import.meta.url);
  const assets = await loadAssets(dist);
  const { server, drain } = createDrainableServer(
    serveTraced(
      telemetry,
      (path) => routeOf(assets, path),
      createRequestHandler({ config, dist, assets, startedAt, telemetry }),
    ),
  );
  const metrics = startRevisionMetrics(process.env, log);
  metrics.watch(server, new Set(['/health']));
  server.listen(config.port, config.host);
  await once(server, 'listening');
  const address = server.address();
  log('INFO', `listening on port ${typeof address === 'object' ? address?.port : config.port}`);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');

  log('INFO', 'shutting down');
  await drain(drainTimeoutMs);
  await Promise.all([metrics.stop(lastReportMs), telemetry.stop(lastReportMs)]);
}

main().catch((error: unknown) =>
  endWithError(telemetry, error, error instanceof Error ? error.message : String(error)),
);
