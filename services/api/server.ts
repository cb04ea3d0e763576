import { once } from 'node:events';
import type { Server } from 'node:http';
import { Pool } from 'pg';
import { describeError } from 'slipway-telemetry/describe-error.ts';
import { endWithError } from 'slipway-telemetry/fatal.ts';
import { startRevisionMetrics } from 'slipway-telemetry/revision-metrics.ts';
import { serveTraced } from 'slipway-telemetry/serve.ts';
import { startTelemetry } from 'slipway-telemetry/telemetry.ts';
import { readConfig } from './src/config.ts';
import type { Config } from './src/config.ts';
import { errorCode } from './src/database-error.ts';
import { createDrainableServer } from './src/drainable-server.ts';
import { retryMigrations, tryMigrations } from './src/migrate-until-done.ts';
import { loadMigrations } from './src/migrations.ts';
import { createRequestHandler } from './src/request-handler.ts';
import { createRoutes, routeOf } from './src/routes.ts';

const drainTimeoutMs = 4000;
const lastReportMs = 2000;

const telemetry = startTelemetry({ env: process.env, serviceName: 'api' });
const { log } = telemetry;

async function main(): Promise<void> {
  const startedAt = new Date().toISOString();
  const config = readConfig(process.env);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

  const connection = {
    ...config.database,
    application_name: 'board-api',
    connectionTimeoutMillis: 3000,
    keepAlive: true,
  };
  // Beside this file, from source and in the bundle alike.
  const migrations = await loadMigrations(new URL('migrations/', import.meta.url));
  // The first try comes before listening, so that an instance that takes requests has its schema. When there is no
  // database, it listens all the same, to say so at /health.
  const firstTry = tryMigrations(connection, migrations, log);
  const migrated = await Promise.race([firstTry, stopped(stop.signal)]);
  // Nothing is under way but the migrations, and what they have not committed is undone with the connection.
  if (stop.signal.aborted) process.exit(0);

  const pool = new Pool({ ...connection, max: 10, statement_timeout: 5000, query_timeout: 6000 });
  pool.on('error', (error) => log('WARNING', `an idle database connection broke (${errorCode(error)})`));
  const { server, drain } = createDrainableServer(
    serveTraced(
      telemetry,
      routeOf,
      createRequestHandler(
        createRoutes(pool, config.identity, startedAt, telemetry),
        config.identity.revision,
        telemetry,
      ),
    ),
  );
  const metrics = startRevisionMetrics(process.env, log);
  metrics.watch(server, new Set(['/health']));
  await listen(server, config);
  const migrating = migrated ? Promise.resolve() : retryMigrations(connection, migrations, log, stop.signal);
  await Promise.race([stopped(stop.signal), migrating.then(() => stopped(stop.signal))]);

  log('INFO', 'shutting down');
  setTimeout(
    () => {
      log('WARNING', 'the shutdown took too long: leaving what is still open');
      process.exit(0);
    },
    drainTimeoutMs + lastReportMs + 1000,
  ).unref();
  await drain(drainTimeoutMs);
  await Promise.all([metrics.stop(lastReportMs), telemetry.stop(lastReportMs)]);
  await migrating;
  await pool.end();
}

async function stopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function listen(server: Server, { port, host }: Config): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  log('INFO', `listening on port ${typeof address === 'object' ? address?.port : port}`);
}

main().catch((error: unknown) => endWithError(telemetry, error, describeError(error)));
