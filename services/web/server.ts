import { once } from 'node:events';
import { loadAssets } from './src/server/assets.ts';
import { readConfig } from './src/server/config.ts';
import { createDrainableServer } from './src/server/drainable-server.ts';
import { log } from './src/server/log.ts';
import { createRequestHandler } from './src/server/request-handler.ts';
import { startRevisionMetrics } from './src/server/revision-metrics.ts';

const drainTimeoutMs = 4000;
const lastReportMs = 2000;

async function main(): Promise<void> {
  const startedAt = new Date().toISOString();
  const config = readConfig(process.env);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  // The bundle lies beside what it serves.
  const dist = new URL('./', import.meta.url);
  const assets = await loadAssets(dist);
  const { server, drain } = createDrainableServer(
    createRequestHandler({ config, dist, assets, startedAt, log }),
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
  await metrics.stop(lastReportMs);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
