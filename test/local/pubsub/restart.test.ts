import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { until } from '../../support/until.ts';
import { pushEndpoint, subscription, texts, topic, type Endpoint } from './pubsub-cloud.ts';

// Real sockets and processes, on a machine that may be busy.
jest.setTimeout(30_000);

let stateFolder: string;
let endpoint: Endpoint;
let child: ChildProcess | undefined;

beforeEach(async () => {
  stateFolder = mkdtempSync(path.join(tmpdir(), 'slipway-test-'));
  endpoint = await pushEndpoint();
});
afterEach(async () => {
  await kill();
  await endpoint.close();
  rmSync(stateFolder, { recursive: true, force: true });
});

async function launch(): Promise<string> {
  const script = path.join(import.meta.dirname, 'pubsub-process.ts');
  child = spawn(process.execPath, [script, stateFolder], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('the process has no standard output');
  const [origin] = (await once(createInterface(child.stdout), 'line')) as [string];
  return `${origin}/v1`;
}

/** As abrupt as it gets: nothing of the process runs after this. */
async function kill(): Promise<void> {
  const killed = child;
  child = undefined;
  if (killed?.exitCode !== null) return;
  const exited = once(killed, 'exit');
  killed.kill('SIGKILL');
  await exited;
}

async function call(method: 'PUT' | 'POST', url: string, body: object): Promise<unknown> {
  const response = await fetch(url, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

const data = (text: string): string => Buffer.from(text).toString('base64');

test('a killed cloud delivers after its restart what was published and not acknowledged, and only that', async () => {
  const first = await launch();
  await call('PUT', `${first}/${topic}`, {});
  await call('PUT', `${first}/${subscription}`, { topic, pushConfig: { pushEndpoint: endpoint.url } });
  await call('POST', `${first}/${topic}:publish`, { messages: [{ data: data('acknowledged') }] });
  await until(() => endpoint.pushes.length === 1, 'the first push');
  const { port } = new URL(endpoint.url);
  await endpoint.close();
  const sent = Array.from({ length: 30 }, (_, index) => `m${index}`);
  await call('POST', `${first}/${topic}:publish`, { messages: sent.map((text) => ({ data: data(text) })) });
  await kill();

  endpoint = await pushEndpoint(Number(port));
  await launch();
  await until(() => endpoint.pushes.length === sent.length, 'the messages of before');
  expect(texts(endpoint).sort()).toEqual([...sent].sort());
});

test('an ack id of before the kill still holds', async () => {
  const first = await launch();
  await call('PUT', `${first}/${topic}`, {});
  await call('PUT', `${first}/${subscription}`, { topic });
  await call('POST', `${first}/${topic}:publish`, { messages: [{ data: data('a') }, { data: data('b') }] });
  const pull = (
    base: string,
  ): Promise<{ receivedMessages: { ackId: string; message: { data: string } }[] }> =>
    call('POST', `${base}/${subscription}:pull`, { maxMessages: 5, returnImmediately: true }) as ReturnType<
      typeof pull
    >;
  const { receivedMessages } = await pull(first);
  await kill();

  const second = await launch();
  await call('POST', `${second}/${subscription}:acknowledge`, { ackIds: [receivedMessages[0]?.ackId] });
  const left = await pull(second);
  expect(left.receivedMessages.map(({ message }) => message.data)).toEqual([data('b')]);
});
