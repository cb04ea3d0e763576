import { once } from 'node:events';
import { Pool } from 'pg';
import { endWithError } from 'slipway-telemetry/fatal.ts';
import { startRevisionMetrics } from 'slipway-telemetry/revision-metrics.ts';
import { serveTraced, traceHandshake } from 'slipway-telemetry/serve.ts';
import { startTelemetry } from 'slipway-telemetry/telemetry.ts';
import { createClientHub } from './src/client-hub.ts';
import { readConfig } from './src/config.ts';
import { createDeliveryTraces } from './src/delivery-traces.ts';
import { createDrainableServer } from './src/drainable-server.ts';
import { errorCode } from './src/error-code.ts';
import { createMessageFeed } from './src/message-feed.ts';
import { readMissed } from './src/message-reader.ts';
import { createRequestHandler } from './src/request-handler.ts';
import { createStreamEndpoint } from './src/stream-endpoint.ts';

const drainTimeoutMs = 3000;
const lastReportMs = 2000;
const healthTimeoutMs = 2000;
/** Front ends close a connection on which nothing moves, some after half a minute. */
const heartbeatMs = 20_000;

const telemetry = startTelemetry({ env: process.env, serviceName: 'streaming' });
const { log } = telemetry;

async function main(): Promise<void> {
  const startedAt = new Date().toISOString();
  const config = readConfig(process.env);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  const connection = {
    ...config.database,
    application_name: 'board-streaming',
    connectionTimeoutMillis: 3000,
    keepAlive: true,
  };
  // For clients that catch up; the feed has a connection of its own.
  const pool = new Pool({ ...connection, max: 4, statement_timeout: 5000, query_timeout: 6000 });
  pool.on('error', (error) => log('WARNING', `an idle database connection broke (${errorCode(error)})`));
  const traces = createDeliveryTraces(telemetry);
  const hub = createClientHub({
    readMessages: (after, limit) => readMissed(pool, telemetry, after, limit),
    maxBufferedBytes: 1024 * 1024,
    onDelivered: traces.delivered,
    onSent: (messages) => telemetry.measure('websocket.server.messages', messages),
    onConnections: (change) => telemetry.measure('websocket.server.active_connections', change),
  });
  const feed = createMessageFeed(connection, { ...hub, announce: traces.announced }, log);

  const { server, drain } = createDrainableServer(
    serveTraced(
      telemetry,
      (path) => (path === '/health' ? 'untraced' : path === '/' || path === '/stream' ? path : undefined),
      createRequestHandler({
        about: { ...config.identity, startedAt },
        connections: hub.size,
        checkHealth: () => feed.checkHealth(healthTimeoutMs),
      }),
    ),
  );
  // A connection is what this service answers with: the few plain requests say nothing about it.
  const metrics = startRevisionMetrics(process.env, log);
  server.on(
    'upgrade',
    createStreamEndpoint({
      revision: config.identity.revision,
      refusal: () => (feed.isListening() ? undefined : 'not listening on the database: try again shortly'),
      begin: (request) => traceHandshake(telemetry, '/stream', request, metrics.begin(request)),
      onClient: hub.add,
    }),
  );
  server.listen(config.port, config.host);
  await once(server, 'listening');
  const address = server.address();
  log('INFO', `listening on port ${typeof address === 'object' ? address?.port : config.port}`);
  const heartbeat = setInterval(hub.beat, heartbeatMs);
  const feeding = feed.run(stop.signal);
  if (!stop.signal.aborted) await once(stop.signal, 'abort');

  log('INFO', 'shutting down');
  setTimeout(
    () => {
      log('WARNING', 'the shutdown took too long: leaving what is still open');
      process.exit(0);
    },
    drainTimeoutMs + lastReportMs + 2000,
  ).unref();
  clearInterval(heartbeat);
  await Promise.all([drain(drainTimeoutMs), hub.close(drainTimeoutMs), feeding]);
  await Promise.all([metrics.stop(lastReportMs), telemetry.stop(lastReportMs)]);
  await pool.end();
}

main().catch((error: unknown) =>
  endWithError(telemetry, error, error instanceof Error ? error.message : String(error)),
);
