import { v1 } from '@google-cloud/pubsub';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { outages } from 'slipway-telemetry/testing/outages.ts';
import { logsOf, otlpEnv, pointsOf, spansOf } from 'slipway-telemetry/testing/otlp.ts';
import { startReceiver, type Receiver } from 'slipway-telemetry/testing/receiver.ts';
import { dsnOf, eventsOf, placeOf } from 'slipway-telemetry/testing/sentry.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { createGoogleApi } from '../../functions/platform/google-api.ts';
import { objects } from '../../functions/release/naming.ts';
import { createPubSubRoom } from '../../local/pubsub/pubsub-room.ts';
import { createStorageRoom } from '../../local/storage/storage-room.ts';
import { bundleFunctions } from '../../scripts/setup/bundle-functions.ts';
import { testCloud, type TestCloud } from '../support/cloud-context.ts';

/*
 * The functions as setup uploads them, started by the Functions Framework as the platform does, against rooms of the
 * local cloud; and what they tell, to receivers over HTTP.
 */

const root = path.resolve(import.meta.dirname, '..', '..');
const framework = path.join(root, 'node_modules/@google-cloud/functions-framework/build/src/main.js');
const project = 'test-project';
const bucketName = `${project}-slipway`;

let folder = '';
let built = '';
let cloud: TestCloud;
const started: ChildProcess[] = [];
const closers: (() => Promise<unknown>)[] = [];

interface Line {
  readonly severity: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

interface RunningFunction {
  readonly lines: readonly Line[];
  readonly readyMs: number;
  /** Pushes a message as Pub/Sub does; the status of the answer. */
  push(
    message: unknown,
    attributes?: Readonly<Record<string, string>>,
    headers?: OutgoingHttpHeaders,
  ): Promise<number>;
  /** Ends it as the platform does; its exit code. */
  end(): Promise<number | null>;
}

/** The status of the answer of a function, which listens on a Unix socket. */
async function requestOn(
  socketPath: string,
  url: string,
  headers: OutgoingHttpHeaders,
  body: string,
): Promise<number> {
  const request = httpRequest({ socketPath, method: 'POST', path: url, headers });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  return response.statusCode ?? 0;
}

async function start(
  target: string,
  env: Readonly<Record<string, string>>,
  source = built,
): Promise<RunningFunction> {
  const began = performance.now();
  const socket = path.join(folder, `${started.length}.sock`);
  const child = spawn(
    process.execPath,
    [framework, `--source=${source}`, `--target=${target}`, `--port=${socket}`],
    {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        FUNCTION_TARGET: target,
        SLIPWAY_PROJECT: project,
        SLIPWAY_REGION: 'europe-west1',
        SLIPWAY_BUCKET: bucketName,
        SLIPWAY_REPOSITORY: 'acme/shop',
        K_SERVICE: `slipway-${target}`,
        ...env,
        // Its own needs, whatever becomes of telemetry's.
        CLOUD_API_ENDPOINT: cloud.context.origin,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  started.push(child);
  const lines: Line[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line) as Line));
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`the function ended with ${child.exitCode}`);
    const connection = connect(socket);
    try {
      await once(connection, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      connection.destroy();
    }
  };
  while (!(await answers())) await sleep(5);
  return {
    lines,
    readyMs: performance.now() - began,
    push: (message, attributes = {}, headers = {}) =>
      requestOn(
        socket,
        `/${target}/projects/${project}/topics/releases`,
        { 'content-type': 'application/json', ...headers },
        JSON.stringify({
          subscription: `projects/${project}/subscriptions/s`,
          message: {
            data: Buffer.from(typeof message === 'string' ? message : JSON.stringify(message)).toString(
              'base64',
            ),
            messageId: `m${Date.now()}`,
            publishTime: new Date().toISOString(),
            attributes,
          },
        }),
      ),
    async end() {
      const gone = once(child, 'exit') as Promise<[number | null]>;
      child.kill('SIGTERM');
      return (await gone)[0];
    },
  };
}

async function receiving(): Promise<Receiver> {
  const receiver = await startReceiver();
  closers.push(receiver.close);
  return receiver;
}

const parent = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' };
const traceparent = `00-${parent.trace}-${parent.span}-01`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-telling-'));
  built = path.join(folder, 'built');
  for (const [name, content] of Object.entries(await bundleFunctions(root, { sourceMap: true }))) {
    await mkdir(path.dirname(path.join(built, name)), { recursive: true });
    await writeFile(path.join(built, name), content);
  }
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room, createPubSubRoom(cloud.context).room]);
  const api = createGoogleApi(cloud.context.origin);
  await api.request('storage', '/storage/v1/b', {
    method: 'POST',
    query: { project },
    json: { name: bucketName },
  });
  // The tick tells of each service that there is.
  await openBucket(api, bucketName).write(objects.service('api'), '{}', 'application/json');
  const publisher = new v1.PublisherClient(api.clientOptions);
  await publisher.createTopic({ name: `projects/${project}/topics/releases` });
  await publisher.close();
}, 60_000);
afterEach(async () => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
  for (const close of closers.splice(0)) await close();
});
afterAll(async () => {
  await cloud.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a subscription of `releases` got since it was made. */
async function subscribed(): Promise<() => Promise<Record<string, string>[]>> {
  const subscriber = new v1.SubscriberClient(createGoogleApi(cloud.context.origin).clientOptions);
  closers.push(() => subscriber.close());
  const subscription = `projects/${project}/subscriptions/s${Date.now()}`;
  await subscriber.createSubscription({ name: subscription, topic: `projects/${project}/topics/releases` });
  return async () => {
    const [{ receivedMessages }] = await subscriber.pull({ subscription, maxMessages: 10 });
    return (receivedMessages ?? []).map(({ message }) => ({ ...message?.attributes }));
  };
}

test('an event is a span in the trace of its message, is measured, and hands its place on', async () => {
  const receiver = await receiving();
  const published = await subscribed();
  const tick = await start('tick', {
    ...otlpEnv(receiver),
    OTEL_LOGS_EXPORTER: 'otlp',
    COMMIT_SHA: 'c0ffee',
  });
  expect(await tick.push({ tick: 'minute' }, { traceparent })).toBe(204);
  const [span] = await receiver.until(() => {
    const found = spansOf(receiver);
    return found.length > 0 ? found : undefined;
  }, 'the span of the event');
  expect(span).toMatchObject({
    name: 'tick',
    kind: 5,
    traceId: parent.trace,
    parentSpanId: parent.span,
    service: 'slipway-tick',
    failed: false,
    attributes: {
      'faas.trigger': 'pubsub',
      'faas.invoked_name': 'tick',
      'faas.coldstart': true,
      'messaging.destination.name': 'releases',
      'slipway.event': 'tick',
    },
  });
  expect(span?.resource).toMatchObject({ 'service.version': 'c0ffee' });
  const [attributes] = await published();
  expect(attributes).toEqual({ reason: 'tick', traceparent: `00-${parent.trace}-${span?.spanId}-01` });
  const duration = await receiver.until(
    () => pointsOf(receiver).find(({ metric }) => metric === 'faas.invoke_duration'),
    'the duration of the event',
  );
  expect(duration).toMatchObject({ count: 1, attributes: { 'faas.invoked_name': 'tick' } });
  await receiver.until(
    () => logsOf(receiver).find(({ body }) => String(body).startsWith('telemetry: ')),
    'a line of the log',
  );
  expect(await tick.end()).toBe(0);
});

test('an error goes to Sentry with its trace, and to Pub/Sub as a failure; its span says so, even at the end', async () => {
  const receiver = await receiving();
  const tick = await start('tick', {
    ...otlpEnv(receiver),
    // Nothing of it is sent before the process ends.
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    SENTRY_DSN: dsnOf(receiver),
    COMMIT_SHA: 'c0ffee',
    SLIPWAY_BUCKET: 'there-is-none',
    NODE_OPTIONS: '--enable-source-maps',
  });
  expect(await tick.push({ tick: 'minute' }, { googclient_traceparent: traceparent })).toBe(500);
  expect(await tick.end()).toBe(0);
  const [span] = spansOf(receiver);
  expect(span).toMatchObject({ traceId: parent.trace, failed: true });
  const [event] = eventsOf(receiver);
  expect(event).toMatchObject({
    release: 'c0ffee',
    contexts: { trace: { trace_id: parent.trace, span_id: span?.spanId } },
  });
  // Of the sources, not of the bundle.
  expect(placeOf(event)).toMatchObject({
    filename: 'functions/platform/google-api.ts',
    context_line: expect.stringMatching(/^ {2}throw new GoogleApiError\(/),
  });
});

test('without configuration nothing is loaded; the log names the trace, of the message or else of the request', async () => {
  const bare = path.join(folder, 'bare');
  await cp(built, bare, { recursive: true });
  await rm(path.join(bare, 'chunks'), { recursive: true });
  const published = await subscribed();
  const rollout = await start('rollout', {}, bare);
  const request = traceparent.replaceAll('b', 'c');
  expect(await rollout.push('§', {}, { traceparent: request })).toBe(204);
  expect(await rollout.push('§', { traceparent }, { traceparent: request })).toBe(204);
  expect(rollout.lines.map((line) => line['logging.googleapis.com/trace'])).toEqual([
    `projects/${project}/traces/${parent.trace.replaceAll('b', 'c')}`,
    `projects/${project}/traces/${parent.trace}`,
  ]);
  expect(rollout.lines[0]).toMatchObject({ severity: 'ERROR', quarantined: 1 });
  expect(await rollout.push('§')).toBe(204);
  expect(rollout.lines[2]?.['logging.googleapis.com/trace']).toBeUndefined();
  expect(await rollout.end()).toBe(0);

  const tick = await start('tick', {}, bare);
  expect(await tick.push({ tick: 'minute' })).toBe(204);
  expect(await published()).toEqual([{ reason: 'tick' }]);
  expect(tick.lines).toEqual([]);
});

test('a message that nobody can read is told to Sentry', async () => {
  const receiver = await receiving();
  const rollout = await start('rollout', { SENTRY_DSN: dsnOf(receiver) });
  expect(await rollout.push('§')).toBe(204);
  const event = await receiver.until(() => eventsOf(receiver)[0], 'the message');
  expect(event.exception?.values[0]?.value).toMatch(/^a message cannot be read and is put aside/);
});

describe('telemetry cannot keep a function from its events', () => {
  /** Later than usual because the machine has other things to do, and the first event may wait for telemetry. */
  const graceMs = 4000;

  test.each(outages.map((open, index) => [index, open] as const))(
    'outage %#',
    async (index, open) => {
      const outage = await open();
      closers.push(outage.close);
      const source = path.join(folder, `outage-${index}`);
      await cp(built, source, { recursive: true });
      await outage.damage(source);
      const began = performance.now();
      const tick = await start('tick', outage.env, source);
      expect(await tick.push({ tick: 'minute' }, { traceparent })).toBe(204);
      expect(performance.now() - began).toBeLessThan(graceMs + 2000);
      await outage.settled(() => tick.lines);
      expect(await tick.push({ tick: 'minute' })).toBe(204);
      const endingAt = performance.now();
      expect(await tick.end()).toBe(0);
      expect(performance.now() - endingAt).toBeLessThan(2000 + graceMs);
      outage.check(
        tick.lines.filter(({ severity }) => severity !== 'INFO').map(({ message }) => message),
        { revisionMetrics: false },
      );
    },
    30_000,
  );
});
