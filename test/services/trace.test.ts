import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { otlpEnv, pointsOf, spansOf, type ReceivedSpan } from '../../services/telemetry/testing/otlp.ts';
import { startReceiver, type Receiver } from '../../services/telemetry/testing/receiver.ts';
import { postMessage } from '../../services/web/src/client/board-api.ts';
import { decodeSettings } from '../../services/web/src/client/settings.ts';

/*
 * One message from the page to its readers, through the three services as processes and a real Postgres, is one trace.
 */

const services = path.resolve(import.meta.dirname, '..', '..', 'services');
const started: ChildProcess[] = [];
let folder = '';
let receiver: Receiver;
let database: Record<string, string>;

/** Starts a process in a folder of services/; its lines, and how to wait for one of them. */
function start(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, args, {
    cwd: path.join(services, name),
    env: { PATH: process.env.PATH, TMPDIR: tmpdir(), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const lines: string[] = [];
  const events = createInterface(child.stdout);
  events.on('line', (line) => lines.push(line));
  const until = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      if (found) return found[1] ?? found[0];
      if (child.exitCode !== null)
        throw new Error(`${name} ended with ${child.exitCode}:\n${lines.join('\n')}`);
      await Promise.race([once(events, 'line'), once(child, 'exit')]);
    }
  };
  return { child, until };
}

async function startService(
  name: string,
  entry: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const service = start(name, [entry], { PORT: '0', HOST: '127.0.0.1', ...otlpEnv(receiver), ...env });
  const port = await service.until(/listening on port (\d+)/);
  await service.until(/telemetry: traces, metrics by OpenTelemetry/);
  return `http://127.0.0.1:${port}`;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-trace-'));
  receiver = await startReceiver();
  const postgres = start('api', ['test/support/postgres-guard.ts']);
  const { host, port, user, password } = JSON.parse(await postgres.until(/^\{.*/)) as Record<
    string,
    string | number
  >;
  database = Object.fromEntries(
    Object.entries({ HOST: host, PORT: port, USER: user, PASSWORD: password, NAME: 'postgres' }).map(
      ([name, value]) => [`DATABASE_${name}`, String(value)],
    ),
  );
}, 60_000);

afterAll(async () => {
  const [postgres, ...others] = started;
  const ended = started.filter(({ exitCode }) => exitCode === null).map((child) => once(child, 'exit'));
  for (const child of others) child.kill('SIGKILL');
  // It stops Postgres and removes its folder.
  postgres?.stdin?.end();
  await Promise.all(ended);
  await receiver.close();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

test('web, api, database and streaming are one trace, each span under the one that caused it', async () => {
  const script = 'const [, build, out] = process.argv; await (await import(build)).build(out);';
  const built = start('web', [
    '--input-type=module',
    '-e',
    script,
    path.join(services, 'web/build.ts'),
    folder,
  ]);
  const [exitCode] = (await once(built.child, 'exit')) as [number];
  expect(exitCode).toBe(0);
  const api = await startService('api', 'server.ts', database);
  const streaming = await startService('streaming', 'server.ts', database);
  const web = await startService('web', path.join(folder, 'server.js'), {
    API_URL: api,
    STREAMING_URL: streaming,
  });

  const settings = decodeSettings(await (await fetch(`${web}/config.json`)).json());
  const reader = new WebSocket(settings.streamUrl);
  const received: string[] = [];
  reader.addEventListener('message', ({ data }) => received.push(String(data)));
  await receiver.until(() => received.find((frame) => frame.includes('"ready"')), 'a stream that is ready');
  const posted = await postMessage(settings.apiUrl, 'Ada', 'hello', settings.traceparent);
  expect(posted.ok).toBe(true);
  await receiver.until(() => received.find((frame) => frame.includes('hello')), 'the message at its reader');

  const find = (name: string): Promise<ReceivedSpan> =>
    receiver.until(() => spansOf(receiver).find((span) => span.name === name), name);
  const page = await find('GET /config.json');
  const post = await find('POST /messages');
  const insert = await find('INSERT messages');
  const deliver = await find('deliver messages');
  expect(
    [page, post, insert, deliver].map(({ service, parentSpanId }) => ({ service, parentSpanId })),
  ).toEqual([
    { service: 'web', parentSpanId: '' },
    { service: 'api', parentSpanId: page.spanId },
    { service: 'api', parentSpanId: post.spanId },
    { service: 'streaming', parentSpanId: insert.spanId },
  ]);
  expect(new Set([page, post, insert, deliver].map(({ traceId }) => traceId)).size).toBe(1);
  expect(deliver.attributes['board.clients']).toBe(1);
  const told = Buffer.concat(receiver.received.map(({ body }) => body)).toString();
  expect(told).not.toContain('hello');

  for (const metric of [
    ...['http.server.request.duration', 'db.client.operation.duration', 'websocket.server.messages'],
    ...['websocket.server.active_connections', 'nodejs.eventloop.delay.p99'],
  ])
    await receiver.until(() => pointsOf(receiver).find((point) => point.metric === metric), metric);
  reader.close();
}, 60_000);
