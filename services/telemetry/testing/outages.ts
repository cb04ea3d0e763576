import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { otlpEnv } from './otlp.ts';
import { startReceiver } from './receiver.ts';
import { dsnOf } from './sentry.ts';

/** One way in which everything that a service tells its state to is broken at once. */
export interface Outage {
  readonly name: string;
  /** For the service: telemetry is on, or meant to be. */
  readonly env: Readonly<Record<string, string>>;
  /** Breaks the built service itself. */
  readonly damage: (dist: string) => Promise<void>;
  /** Waits until everything has been said that this outage makes a service say while it runs. */
  readonly settled: (logs: () => readonly { readonly message: string }[]) => Promise<void>;
  /** Throws unless each warning that is due was given once, and no other. */
  readonly check: (warnings: readonly string[], options?: CheckOptions) => void;
  readonly close: () => Promise<void>;
}

export interface CheckOptions {
  /** Whether it reports the metrics of its revision; true without it. */
  readonly revisionMetrics?: boolean;
}

/** What makes up an outage. */
interface Breakage {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly damage?: (dist: string) => Promise<void>;
  /** Given while it runs. */
  readonly warnings: readonly RegExp[];
  /** Given by its end: the first report of the revision's metrics may be the last. */
  readonly atTheEnd?: readonly RegExp[];
  /** Given once at most, when there was time for it. */
  readonly perhaps?: readonly RegExp[];
  readonly close?: () => Promise<void>;
}

const patienceMs = 15_000;

function outage(breakage: Breakage): Outage {
  const { name, env, damage = nothing, warnings, atTheEnd = [], perhaps = [], close = nothing } = breakage;
  return {
    name,
    env,
    damage,
    close,
    async settled(logs) {
      const end = performance.now() + patienceMs;
      while (warnings.some((due) => !logs().some(({ message }) => due.test(message)))) {
        if (performance.now() > end) throw new Error(`not all of ${warnings.join(', ')} was said`);
        await delay(20);
      }
    },
    check(given, { revisionMetrics = true } = {}) {
      const timesOf = (due: RegExp): number => given.filter((text) => due.test(text)).length;
      const due = [...warnings, ...(revisionMetrics ? atTheEnd : [])];
      const known = given.filter((text) => [...due, ...perhaps].some((each) => each.test(text)));
      if (
        due.some((each) => timesOf(each) !== 1) ||
        perhaps.some((each) => timesOf(each) > 1) ||
        known.length !== given.length
      )
        throw new Error(`expected once each: ${due.join(', ')}; the warnings were:\n${given.join('\n')}`);
    },
  };
}

const nothing = async (): Promise<void> => {};

const tracingWarning = /^telemetry: OpenTelemetry does not work: .+; the service goes on without$/;
const errorsWarning = /^telemetry: Sentry does not work: .+; the service goes on without$/;
const metricsWarning = /^the metrics of this instance could not be reported: /;

/** All backends at one address: OTLP, Sentry, the metadata server and Google's APIs. */
const allAt = (host: string): Record<string, string> => ({
  ...otlpEnv({ origin: `http://${host}` }),
  SENTRY_DSN: dsnOf({ host }),
  GCE_METADATA_HOST: host,
  CLOUD_API_ENDPOINT: `http://${host}`,
  OTEL_LOGS_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
  K_SERVICE: 'service',
  K_REVISION: 'service-1',
});

/** Every variable that telemetry reads. */
const variables = [
  ...['ENDPOINT', 'HEADERS', 'TIMEOUT', 'PROTOCOL', 'COMPRESSION'].flatMap((suffix) =>
    ['', 'TRACES_', 'METRICS_', 'LOGS_'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${suffix}`),
  ),
  ...['TRACES', 'METRICS', 'LOGS'].map((signal) => `OTEL_${signal}_EXPORTER`),
  ...['SDK_DISABLED', 'SERVICE_NAME', 'RESOURCE_ATTRIBUTES', 'TRACES_SAMPLER', 'TRACES_SAMPLER_ARG'].map(
    (name) => `OTEL_${name}`,
  ),
  'OTEL_METRIC_EXPORT_INTERVAL',
  'OTEL_BSP_SCHEDULE_DELAY',
  'OTEL_BSP_MAX_QUEUE_SIZE',
  'OTEL_LOG_LEVEL',
  'SENTRY_DSN',
  'SENTRY_RELEASE',
  'SENTRY_ENVIRONMENT',
  'GCE_METADATA_HOST',
  'CLOUD_API_ENDPOINT',
  'K_SERVICE',
  'K_REVISION',
  'COMMIT_SHA',
];

/** Every way that there is. */
export const outages: readonly (() => Promise<Outage>)[] = [
  async () => {
    // A port that was just free, and that nobody listens on any more.
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const host = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
    probe.close();
    await once(probe, 'close');
    return outage({
      name: 'unreachable',
      env: allAt(host),
      warnings: [tracingWarning],
      atTheEnd: [metricsWarning],
    });
  },
  async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return outage({
      name: 'hanging: accepts and never answers',
      env: allAt(host),
      warnings: [tracingWarning],
      // At its end a service does not wait for this one long enough to know.
      perhaps: [metricsWarning],
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    });
  },
  async () => {
    const receiver = await startReceiver(403);
    return outage({
      name: 'refusing',
      env: allAt(receiver.host),
      warnings: [tracingWarning],
      atTheEnd: [metricsWarning],
      close: receiver.close,
    });
  },
  async () =>
    outage({
      name: 'misconfigured: garbage in every variable',
      env: Object.fromEntries(variables.map((name) => [name, '§%zz\t{"garbage"'])),
      warnings: [tracingWarning, errorsWarning],
      atTheEnd: [metricsWarning],
    }),
  async () => {
    const receiver = await startReceiver();
    return outage({
      name: 'throwing at import',
      env: { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) },
      damage: (dist) =>
        eachBackend(dist, (file) => writeFile(file, "throw new Error('this backend cannot be loaded');\n")),
      warnings: [tracingWarning, errorsWarning],
      close: receiver.close,
    });
  },
  async () => {
    const receiver = await startReceiver();
    return outage({
      name: 'not there at all',
      env: { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) },
      damage: (dist) => eachBackend(dist, rm),
      warnings: [tracingWarning, errorsWarning],
      close: receiver.close,
    });
  },
  async () => {
    const receiver = await startReceiver();
    return outage({
      name: 'made for another version',
      env: { ...otlpEnv(receiver), SENTRY_DSN: dsnOf(receiver) },
      damage: (dist) => eachBackend(dist, (file) => writeFile(file, 'export const other = 1;\n')),
      warnings: [tracingWarning, errorsWarning],
      close: receiver.close,
    });
  },
];

/** The files of a built service that are loaded for a backend. Throws when there are none: then nothing is tried. */
async function eachBackend(dist: string, change: (file: string) => Promise<void>): Promise<void> {
  const folder = join(dist, 'chunks');
  const files = (await readdir(folder)).filter((file) => /^(open-telemetry|sentry)-\w+\.js$/.test(file));
  if (files.length !== 2)
    throw new Error(`expected one file for each backend in ${folder}, found ${files.join(', ')}`);
  await Promise.all(files.map((file) => change(join(folder, file))));
}
