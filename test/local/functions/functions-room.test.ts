import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync, readdirSync, statSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { zipSync } from 'fflate';
import { ApiError } from '../../../local/core/api-error.ts';
import type { LogEntry, LogWriter, ObjectStore, SecretReader } from '../../../local/core/links.ts';
import type { Operation } from '../../../local/core/operations.ts';
import { createFunctionsRoom } from '../../../local/functions/functions-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

interface CloudFunction {
  name: string;
  state: string;
  url: string;
  serviceConfig: Record<string, unknown> & { uri: string; revision: string };
  stateMessages?: { message: string }[];
}

type Entry = Parameters<LogWriter['write']>[0];

const parent = '/v2/projects/test-project/locations/europe-west1';
const archives = new Map<string, Buffer>();
let entries: Entry[] = [];
const wakers = new Set<() => void>();
let cloud: TestCloud;

/* What the other products offer, in memory: they have tests of their own. */
const objects: ObjectStore = {
  put: () => ({ generation: '1' }),
  get(bucket, name) {
    const archive = archives.get(`${bucket}/${name}`);
    if (!archive) throw new ApiError('NOT_FOUND', `The object gs://${bucket}/${name} does not exist`);
    return archive;
  },
  bucketExists: () => true,
};
const secrets: SecretReader = {
  access(name) {
    if (name !== 'projects/test-project/secrets/token/versions/latest')
      throw new ApiError('NOT_FOUND', `Secret ${name} not found`);
    return Buffer.from('the secret value');
  },
};
const log: LogWriter = {
  write(entry) {
    entries.push(entry);
    wakers.forEach((wake) => {
      wake();
    });
  },
};

/** Resolves with the first entry that passes, written before or after. */
const entry = (passes: (entry: Entry) => boolean): Promise<Entry> =>
  new Promise((resolve) => {
    const look = (): void => {
      const found = entries.find(passes);
      if (!found) return;
      wakers.delete(look);
      resolve(found);
    };
    wakers.add(look);
    look();
  });

const start = async (stateFolder?: string): Promise<void> => {
  cloud = await testCloud(stateFolder === undefined ? {} : { stateFolder });
  await cloud.serve([createFunctionsRoom(cloud.context, { objects, secrets, log }).room]);
};

async function call(method: string, url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${cloud.context.origin}${url}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function operation(method: string, url: string, body?: unknown): Promise<Operation> {
  const begun = await call(method, url, body);
  expect(begun).toMatchObject({ status: 200, body: { done: false } });
  return cloud.context.operations.wait((begun.body as Operation).name, AbortSignal.timeout(20_000));
}

const get = async (id: string): Promise<CloudFunction> =>
  (await call('GET', `${parent}/functions/${id}`)).body as CloudFunction;

const settings = (object: string, serviceConfig: object = {}, entryPoint = 'main'): object => ({
  buildConfig: { runtime: 'nodejs24', entryPoint, source: { storageSource: { bucket: 'code', object } } },
  serviceConfig,
});

function archive(object: string, files: Record<string, string>): void {
  const content = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const);
  archives.set(`code/${object}`, Buffer.from(zipSync(Object.fromEntries(content))));
}

const source = (version: string): string => `
  const functions = require('@google-cloud/functions-framework');
  const { existsSync } = require('node:fs');
  functions.http('main', async (request, response) => {
    if (request.path === '/env') return response.json({ ...process.env, cwd: process.cwd() });
    if (request.path === '/exit') process.exit(7);
    if (request.path === '/hold') {
      console.log('holding');
      const timer = setInterval(() => {
        if (!existsSync(request.query.until)) return;
        clearInterval(timer);
        response.send('held by ${version}');
      }, 10);
      return;
    }
    if (request.path === '/log') {
      console.log('plain');
      console.error(JSON.stringify({ severity: 'warning', message: 'structured', answer: 42 }));
    }
    if (request.path === '/echo') return response.json({ body: request.body, headers: request.headers });
    response.send('${version}');
  });
  functions.cloudEvent('event', (event) => { console.log('event ' + event.type + ' ' + event.data.message.data); });
`;

beforeAll(async () => {
  archive('one.zip', { 'lib/start.js': source('one'), 'package.json': '{"main":"lib/start.js"}' });
  archive('two.zip', { 'index.js': source('two') });
  archive('module.zip', {
    'index.js': `import { http } from '@google-cloud/functions-framework'; http('main', (_, r) => r.send('module'));`,
    'package.json': '{"type":"module"}',
  });
  archive('broken.zip', { 'index.js': `console.log('getting ready'); throw new Error('no database');` });
  await start();
});

afterAll(async () => {
  await cloud.close();
});

describe('deploying', () => {
  test('create answers at once, and the function is served when its operation is done', async () => {
    const done = await operation('POST', `${parent}/functions?functionId=web`, {
      ...settings('one.zip', { environmentVariables: { COLOUR: 'blue' }, maxInstanceCount: 2 }),
      labels: { team: 'a' },
    });
    expect(done.metadata).toMatchObject({
      '@type': 'type.googleapis.com/google.cloud.functions.v2.OperationMetadata',
      target: 'projects/test-project/locations/europe-west1/functions/web',
      operationType: 'CREATE_FUNCTION',
    });
    const web = await get('web');
    expect(done.response).toEqual({
      '@type': 'type.googleapis.com/google.cloud.functions.v2.Function',
      ...web,
    });
    expect(web).toMatchObject({
      state: 'ACTIVE',
      environment: 'GEN_2',
      labels: { team: 'a' },
      serviceConfig: {
        timeoutSeconds: 60,
        maxInstanceCount: 2,
        service: 'projects/test-project/locations/europe-west1/services/web',
        revision: expect.stringMatching(/^web-00001-[a-z]{3}$/),
      },
    });
    expect(web.url).toBe(web.serviceConfig.uri);
    expect(await (await fetch(web.url)).text()).toBe('one');
  });

  test('what a function sees of its surroundings', async () => {
    const web = await get('web');
    const seen = (await (await fetch(`${web.url}/env`)).json()) as Record<string, string>;
    expect(seen).toMatchObject({
      COLOUR: 'blue',
      FUNCTION_TARGET: 'main',
      FUNCTION_SIGNATURE_TYPE: 'http',
      K_SERVICE: 'web',
      K_CONFIGURATION: 'web',
      K_REVISION: web.serviceConfig.revision,
      PORT: new URL(web.url).port,
      NODE_ENV: 'production',
      CLOUD_API_ENDPOINT: cloud.context.origin,
      GCE_METADATA_HOST: new URL(cloud.context.origin).host,
    });
    expect(seen).not.toHaveProperty('JEST_WORKER_ID');
  });

  test('bodies, headers and answers pass through', async () => {
    const { url } = await get('web');
    const answer = await fetch(`${url}/echo?x=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-own': 'a' },
      body: '{"b":1}',
    });
    expect(await answer.json()).toMatchObject({
      body: { b: 1 },
      headers: { 'x-own': 'a', 'x-forwarded-proto': 'http', host: new URL(url).host },
    });
    const streamed = await fetch(`${url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob(['{"c":', '2}']).stream(),
      duplex: 'half',
    });
    expect(await streamed.json()).toMatchObject({ body: { c: 2 } });
  });

  test('an ES module', async () => {
    await operation('POST', `${parent}/functions?functionId=module`, settings('module.zip'));
    expect(await (await fetch((await get('module')).url)).text()).toBe('module');
  });

  test('a function for events, pushed as Pub/Sub does', async () => {
    await operation('POST', `${parent}/functions?functionId=event`, settings('one.zip', {}, 'event'));
    const data = Buffer.from('hello').toString('base64');
    const answer = await fetch((await get('event')).url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        message: { data, messageId: '1', attributes: {} },
        subscription: 'projects/p/subscriptions/s',
      }),
    });
    expect(answer.status).toBe(204);
    const written = await entry(({ textPayload }) => textPayload?.startsWith('event ') ?? false);
    expect(written.textPayload).toBe(`event google.cloud.pubsub.topic.v1.messagePublished ${data}`);
  });

  test('through an upload of its own', async () => {
    const { body } = await call('POST', `${parent}/functions:generateUploadUrl`, {});
    const { uploadUrl, storageSource } = body as { uploadUrl: string; storageSource: { bucket: string } };
    expect(storageSource.bucket).toBe('gcf-v2-uploads-123456789012.europe-west1.cloudfunctions.appspot.com');
    const build = { runtime: 'nodejs24', entryPoint: 'main', source: { storageSource } };
    const early = await operation('POST', `${parent}/functions?functionId=early`, { buildConfig: build });
    expect(early.error?.message).toContain('Nothing was uploaded');
    const put = (url: string): Promise<Response> =>
      fetch(url, {
        method: 'PUT',
        headers: { 'content-type': 'application/zip' },
        body: Uint8Array.from(archives.get('code/two.zip') ?? []),
      });
    expect((await put(uploadUrl.replace(/Signature=.*/, 'Signature=0'))).status).toBe(403);
    expect((await put(uploadUrl)).status).toBe(200);
    await operation('POST', `${parent}/functions?functionId=uploaded`, { buildConfig: build });
    expect(await (await fetch((await get('uploaded')).url)).text()).toBe('two');
  });

  test('several at a time', async () => {
    const ids = ['a', 'b', 'c'];
    await Promise.all(
      ids.map((id) => operation('POST', `${parent}/functions?functionId=many-${id}`, settings('one.zip'))),
    );
    const urls = await Promise.all(ids.map(async (id) => (await get(`many-${id}`)).url));
    expect(new Set(urls).size).toBe(3);
    const { body } = await call('GET', '/v2/projects/test-project/locations/-/functions?pageSize=4');
    const page = body as { functions: CloudFunction[]; nextPageToken: string };
    expect(page.functions).toHaveLength(4);
    expect(page.nextPageToken).not.toBe('');
    await Promise.all(ids.map((id) => operation('DELETE', `${parent}/functions/many-${id}`)));
    await expect(fetch(String(urls[0]))).rejects.toThrow();
    expect((await call('GET', `${parent}/functions/many-a`)).status).toBe(404);
  });
});

describe('secrets', () => {
  const secret = (name: string): object => ({
    secretEnvironmentVariables: [
      { key: 'TOKEN', projectId: 'test-project', secret: name, version: 'latest' },
    ],
  });
  test('are in the environment, and nowhere else', async () => {
    await operation('POST', `${parent}/functions?functionId=secretive`, settings('one.zip', secret('token')));
    const secretive = await get('secretive');
    expect(await (await fetch(`${secretive.url}/env`)).json()).toMatchObject({ TOKEN: 'the secret value' });
    const files = readdirSync(cloud.stateFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json'))
      .map((file) => readFileSync(path.join(cloud.stateFolder, file), 'utf8'));
    expect(files.join('\n')).not.toContain('the secret value');
    expect(JSON.stringify([secretive, entries, cloud.logged])).not.toContain('the secret value');
  });
  test('one that is not there fails the deployment and is named', async () => {
    const done = await operation(
      'POST',
      `${parent}/functions?functionId=poor`,
      settings('one.zip', secret('none')),
    );
    expect(done.error?.message).toContain(
      'TOKEN: secret projects/test-project/secrets/none/versions/latest was not found',
    );
    expect(await get('poor')).toMatchObject({ state: 'FAILED' });
  });
});

describe('failures', () => {
  test('a function that does not start says its last words', async () => {
    const done = await operation('POST', `${parent}/functions?functionId=broken`, settings('broken.zip'));
    expect(done.error).toMatchObject({ code: 3, message: expect.stringContaining('no database') });
    const broken = await get('broken');
    expect(broken).toMatchObject({ state: 'FAILED', stateMessages: [{ severity: 'ERROR' }] });
    expect(broken.stateMessages?.[0]?.message).toMatch(
      /exited with 1 before it listened[^]*getting ready[^]*no database/,
    );
    expect((await fetch(broken.url)).status).toBe(503);
    // It can be mended.
    await operation('PATCH', `${parent}/functions/broken?updateMask=buildConfig.source`, settings('two.zip'));
    expect(await get('broken')).toMatchObject({ state: 'ACTIVE' });
    expect(await get('broken')).not.toHaveProperty('stateMessages');
    expect(await (await fetch(broken.url)).text()).toBe('two');
  });

  test('a target that the source has not', async () => {
    const done = await operation(
      'POST',
      `${parent}/functions?functionId=lost`,
      settings('one.zip', {}, 'nowhere'),
    );
    expect(done.error?.message).toContain("Function 'nowhere' is not defined");
  });

  test('a process that ends is started again by the next request', async () => {
    const { url } = await get('web');
    const crashed = await fetch(`${url}/exit`);
    // The framework answers itself when it still can.
    expect([500, 503]).toContain(crashed.status);
    const last = await entry(({ textPayload }) => textPayload?.includes('exited with 7') ?? false);
    expect(last).toMatchObject({ severity: 'WARNING', resource: { labels: { service_name: 'web' } } });
    expect(await (await fetch(url)).text()).toBe('one');
  });

  test('what takes longer than its timeout gets 504', async () => {
    await operation(
      'PATCH',
      `${parent}/functions/module?updateMask=serviceConfig.timeoutSeconds,buildConfig.source`,
      settings('two.zip', { timeoutSeconds: 1 }),
    );
    expect((await fetch(`${(await get('module')).url}/hold?until=/never`)).status).toBe(504);
  });

  test('no more at once than all instances would take', async () => {
    const one = { maxInstanceCount: 1, maxInstanceRequestConcurrency: 1 };
    await operation('PATCH', `${parent}/functions/module?updateMask=serviceConfig`, settings('two.zip', one));
    const { url } = await get('module');
    const file = path.join(cloud.stateFolder, 'first-may-go');
    entries = [];
    const order: string[] = [];
    const ask = async (request: string): Promise<void> => {
      order.push(await (await fetch(`${url}${request}`)).text());
    };
    const first = ask(`/hold?until=${file}`);
    await entry(({ textPayload }) => textPayload === 'holding');
    const second = ask('/');
    // One to another function passes while the second waits.
    await fetch((await get('web')).url);
    expect(order).toEqual([]);
    writeFileSync(file, '');
    await Promise.all([first, second]);
    expect(order).toEqual(['held by two', 'two']);
  });
});

describe('redeploying', () => {
  test('sends new requests to the new revision, and lets the old one answer its own', async () => {
    const before = await get('web');
    entries = [];
    const file = path.join(cloud.stateFolder, 'let-go');
    const held = fetch(`${before.url}/hold?until=${file}`);
    await entry(({ textPayload }) => textPayload === 'holding');
    const statuses = new Set<number>();
    const updated = operation('PATCH', `${parent}/functions/web?updateMask=build_config.source`, {
      ...settings('two.zip'),
      description: 'left alone',
    });
    let seen = '';
    for (; seen !== 'two';) {
      const answer = await fetch(before.url);
      statuses.add(answer.status);
      seen = await answer.text();
    }
    expect([...statuses]).toEqual([200]);
    expect((await updated).error).toBeUndefined();
    const after = await get('web');
    expect(after.url).toBe(before.url);
    expect(after.serviceConfig).toMatchObject({
      environmentVariables: { COLOUR: 'blue' },
      maxInstanceCount: 2,
      revision: expect.stringMatching(/^web-00002-/),
    });
    expect(after).not.toHaveProperty('description');
    writeFileSync(file, '');
    expect(await (await held).text()).toBe('held by one');
  });

  test('one that does not come up leaves the revision before it serving', async () => {
    const before = await get('web');
    const done = await operation(
      'PATCH',
      `${parent}/functions/web?updateMask=buildConfig`,
      settings('broken.zip'),
    );
    expect(done.error?.message).toContain('no database');
    const after = await get('web');
    expect(after).toMatchObject({ state: 'ACTIVE', stateMessages: [{ severity: 'ERROR' }] });
    expect(after.serviceConfig.revision).toBe(before.serviceConfig.revision);
    expect(await (await fetch(after.url)).text()).toBe('two');
  });

  test('a second operation at the same time is refused', async () => {
    const url = `${parent}/functions/web?updateMask=buildConfig`;
    const begun = await call('PATCH', url, settings('one.zip'));
    expect(await call('PATCH', url, settings('two.zip'))).toMatchObject({ status: 409 });
    expect(await get('web')).toMatchObject({ state: 'DEPLOYING' });
    await cloud.context.operations.wait((begun.body as Operation).name, AbortSignal.timeout(20_000));
    expect(await (await fetch((await get('web')).url)).text()).toBe('one');
  });
});

describe('requests that are refused', () => {
  test.each<[string, string, string, object, number]>([
    ['a name that is taken', 'POST', '/functions?functionId=web', settings('one.zip'), 409],
    ['a name that is none', 'POST', '/functions?functionId=Web_1', settings('one.zip'), 400],
    ['an update of nothing known', 'PATCH', '/functions/none?updateMask=description', {}, 404],
    ['a mask that is unknown', 'PATCH', '/functions/web?updateMask=name', {}, 400],
    ['another runtime', 'POST', '/functions?functionId=py', { buildConfig: { runtime: 'python313' } }, 501],
    ['a filter', 'GET', '/functions?filter=x', {}, 501],
  ])('%s', async (_, method, url, body, status) => {
    const answer = await call(method, `${parent}${url}`, method === 'GET' ? undefined : body);
    expect(answer.status).toBe(status);
  });

  test('an archive that is not there', async () => {
    const done = await operation('POST', `${parent}/functions?functionId=empty`, settings('none.zip'));
    expect(done.error).toMatchObject({ code: 5, message: 'The object gs://code/none.zip does not exist' });
  });
});

test('output goes to Cloud Logging, line by line', async () => {
  entries = [];
  const web = await get('web');
  await fetch(`${web.url}/log`);
  const plain = await entry(({ textPayload }) => textPayload === 'plain');
  expect(plain).toMatchObject({
    logName: 'projects/test-project/logs/run.googleapis.com%2Fstdout',
    resource: {
      type: 'cloud_run_revision',
      labels: { service_name: 'web', revision_name: web.serviceConfig.revision, location: 'europe-west1' },
    },
  });
  const structured = await entry(({ jsonPayload }) => jsonPayload !== undefined);
  expect(structured satisfies Partial<LogEntry>).toMatchObject({
    logName: 'projects/test-project/logs/run.googleapis.com%2Fstderr',
    severity: 'WARNING',
    jsonPayload: { message: 'structured', answer: 42 },
  });
});

describe('after a restart of the local cloud', () => {
  test('functions are there again at their addresses, and what was under way is finished', async () => {
    const web = await get('web');
    const begun = await call('POST', `${parent}/functions?functionId=late`, settings('two.zip'));
    const [table = ''] = readdirSync(path.join(cloud.stateFolder, 'functions/socket-folder'));
    const row = readFileSync(path.join(cloud.stateFolder, 'functions/socket-folder', table), 'utf8');
    const { value: sockets } = JSON.parse(row) as { value: string };
    expect(statSync(sockets).mode & 0o777).toBe(0o700);
    await cloud.close({ keepState: true });
    await expect(fetch(web.url)).rejects.toThrow();
    expect(existsSync(sockets)).toBe(false);
    await start(cloud.stateFolder);
    expect(await (await fetch(web.url)).text()).toBe('one');
    expect(await get('web')).toEqual(web);
    const late = await cloud.context.operations.wait(
      (begun.body as Operation).name,
      AbortSignal.timeout(20_000),
    );
    expect(late.error).toBeUndefined();
    expect(await (await fetch((await get('late')).url)).text()).toBe('two');
  });
});
