import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../../local/core/random.ts';
import { until } from '../../support/until.ts';
import {
  ask,
  byRevision,
  fullName,
  processIsGone,
  runCloud,
  type Answer,
  type RunCloud,
} from './run-cloud.ts';
import { skippingClock, type SkippingClock } from './skipping-clock.ts';

const answerTo = (request: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

const upgrade = (uri: string, path_: string): Promise<{ status: number; socket?: Duplex }> =>
  new Promise((resolve, reject) => {
    const request = httpRequest(`${uri}${path_}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-key': 'x',
        'sec-websocket-version': '13',
      },
    });
    request.once('upgrade', (response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ status: response.statusCode ?? 0, socket });
    });
    request.once('response', (response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0 });
    });
    request.once('error', reject);
    request.end();
  });

/** Reads from a socket until `wanted` stands in what has come. */
const readUntil = (socket: Duplex, wanted: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!text.includes(wanted)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('close', () => {
      reject(new Error(`closed after ${JSON.stringify(text)}`));
    });
  });

describe('the proxy of a service', () => {
  let run: RunCloud;
  let clock: SkippingClock;
  beforeAll(async () => {
    clock = skippingClock();
    run = await runCloud({ clock, random: createRandom(7) });
  });
  afterAll(() => run.close());

  const requests = (service: string): object[] =>
    run
      .logOf('run.googleapis.com/requests')
      .filter(({ resource }) => resource.labels.service_name === service);

  test('splits requests by percent', async () => {
    await run.deploy('split', {}, { template: { revision: 'split-a' } });
    await run.deploy('split', { args: ['/app/server.mjs', 'b'] }, { template: { revision: 'split-b' } });
    const { uri } = await run.route('split', [
      { type: byRevision, revision: 'split-a', percent: 75 },
      { type: byRevision, revision: 'split-b', percent: 25 },
    ]);
    const counts = new Map<string, number>();
    for (let batch = 0; batch < 40; batch += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(uri)));
      for (const { revision } of answers) counts.set(revision, (counts.get(revision) ?? 0) + 1);
    }
    const share = (counts.get('split-b') ?? 0) / 400;
    // Three standard deviations of 400 draws at 25 %.
    expect(Math.abs(share - 0.25)).toBeLessThan(0.065);
    const byRevisionLabel = requests('split').map(
      (entry) => (entry as { resource: { labels: { revision_name: string } } }).resource.labels.revision_name,
    );
    expect(byRevisionLabel.filter((name) => name === 'split-b')).toHaveLength(counts.get('split-b') ?? 0);
  });

  test('streams bodies both ways, while they are under way', async () => {
    const { uri } = await run.deploy('streams');
    const request = httpRequest(`${uri ?? ''}/stream`, { method: 'POST' });
    request.write('one');
    const response = await answerTo(request);
    const chunks: string[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await until(() => chunks.join('') === 'firstone', 'the first part is back before the request ends');
    request.end('two');
    await until(() => chunks.join('') === 'firstonetwolast', 'the rest');
  });

  test.each<{ name: string; init: RequestInit; expected: string }>([
    {
      name: 'with a length',
      init: { method: 'POST', body: 'x'.repeat(300_000) },
      expected: 'x'.repeat(300_000),
    },
    { name: 'that is empty', init: { method: 'POST' }, expected: '' },
    { name: 'of a PUT', init: { method: 'PUT', body: 'put' }, expected: 'put' },
  ])('passes on a body $name', async ({ init, expected }) => {
    const { uri } = await run.get('streams');
    const response = await fetch(`${uri ?? ''}/echo`, init);
    expect(await response.text()).toBe(expected);
  });

  test('passes on status, reason and repeated headers, and says who called', async () => {
    const { uri } = await run.get('streams');
    const made = await answerTo(httpRequest(`${uri ?? ''}/cookies`).end());
    expect(made).toMatchObject({ statusCode: 201, statusMessage: 'Made' });
    expect(made.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    made.resume();
    const { headers } = await ask(uri, { headers: { 'x-forwarded-for': '203.0.113.9', 'x-custom': 'y' } });
    expect(headers).toMatchObject({
      'x-forwarded-for': '203.0.113.9, 127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-custom': 'y',
      host: new URL(uri ?? '').host,
    });
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(headers['x-cloud-trace-context']).toMatch(/^[0-9a-f]{32}\/\d+;o=1$/);
  });

  test('writes an entry for every request', async () => {
    const { uri } = await run.deploy('noted', {}, { template: { revision: 'noted-a' } });
    await (await fetch(`${uri ?? ''}/cookies?x=1`, { headers: { 'user-agent': 'tester' } })).text();
    await until(() => requests('noted').length === 1, 'the entry');
    expect(requests('noted')[0]).toMatchObject({
      logName: 'projects/test-project/logs/run.googleapis.com%2Frequests',
      severity: 'INFO',
      resource: { type: 'cloud_run_revision', labels: { revision_name: 'noted-a', service_name: 'noted' } },
      httpRequest: {
        requestMethod: 'GET',
        requestUrl: `${uri ?? ''}/cookies?x=1`,
        status: 201,
        userAgent: 'tester',
        remoteIp: '127.0.0.1',
        latency: expect.stringMatching(/^\d+\.\d{6}s$/),
        requestSize: expect.stringMatching(/^[1-9]\d*$/),
        responseSize: expect.stringMatching(/^[1-9]\d*$/),
      },
      trace: expect.stringMatching(/^projects\/test-project\/traces\/[0-9a-f]{32}$/),
      labels: { instanceId: expect.any(String) },
    });
  });

  test('what a container prints becomes entries, JSON with its severity', async () => {
    const { uri } = await run.get('noted');
    const line = JSON.stringify({ severity: 'error', message: 'broken', code: 7 });
    await fetch(`${uri ?? ''}/say?line=${encodeURIComponent(line)}`);
    await until(() => run.logOf('run.googleapis.com/stdout').length > 0, 'the line');
    expect(run.logOf('run.googleapis.com/stdout').at(-1)).toMatchObject({
      severity: 'ERROR',
      jsonPayload: { message: 'broken', code: 7 },
      resource: { labels: { revision_name: 'noted-a' } },
    });
  });

  test.each([
    { route: '/silent', status: 504, body: 'upstream request timeout', skip: 61_000 },
    { route: '/reset', status: 503, body: 'closed the connection', skip: 0 },
  ])('answers $status when the container does not ($route)', async ({ route, status, body, skip }) => {
    const { uri } = await run.deploy('faulty', {}, { template: { timeout: { seconds: 60 } } });
    const before = run.entries.length;
    const answering = fetch(`${uri ?? ''}${route}`);
    if (skip > 0) {
      const { promise: connected, resolve } = Promise.withResolvers<undefined>();
      setImmediate(resolve, undefined);
      await connected;
      // The request has arrived once a later one has been answered.
      await ask(uri);
      clock.skip(skip);
    }
    const answer = await answering;
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(body);
    expect(run.entries.slice(before)).toContainEqual(
      expect.objectContaining({ severity: 'ERROR', httpRequest: expect.objectContaining({ status }) }),
    );
  });

  test('passes WebSockets through, and counts one as a request for as long as it lasts', async () => {
    const { uri } = await run.deploy('socket', {}, { template: { revision: 'socket-a' } });
    const { status, socket } = await upgrade(uri ?? '', '/live');
    expect(status).toBe(101);
    if (!socket) throw new Error('no socket');
    expect(await readUntil(socket, ';')).toBe('welcome to socket-a;');
    socket.write('ping');
    expect(await readUntil(socket, 'ping')).toBe('ping');
    expect(requests('socket')).toHaveLength(0);
    socket.destroy();
    await until(() => requests('socket').length === 1, 'the entry');
    expect(requests('socket')[0]).toMatchObject({ httpRequest: { status: 101 } });
    expect(await upgrade(uri ?? '', '/refused')).toEqual({ status: 403 });
  });

  test('a container that ends is noted, and the next request starts another', async () => {
    const { uri } = await run.deploy('ends');
    const { pid } = await ask(uri);
    await fetch(`${uri ?? ''}/exit?code=3`).catch(() => undefined);
    await until(() => run.systemLines().includes('Container called exit(3).'), 'the exit is logged');
    const before = run.entries.length;
    const next = await ask(uri);
    expect(next.pid).not.toBe(pid);
    expect(run.entries.slice(before)).toContainEqual(
      expect.objectContaining({
        textPayload: expect.stringMatching(/^Starting new instance\. Reason: AUTOSCALING/),
      }),
    );
  });

  test('many requests during a cold start share one instance', async () => {
    const { uri } = await run.get('ends');
    await fetch(`${uri ?? ''}/exit?code=0`).catch(() => undefined);
    await until(() => run.systemLines().includes('Container called exit(0).'), 'the exit is logged');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(uri)));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
  });

  test('a liveness probe that fails ends the instance', async () => {
    const sick = path.join(run.cloud.stateFolder, 'sick');
    const { uri } = await run.deploy('lively', {
      env: [{ name: 'SICK_FILE', value: sick }],
      livenessProbe: { httpGet: { path: '/sick' }, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2 },
    });
    const { pid } = await ask(uri);
    writeFileSync(sick, '');
    await until(() => {
      clock.skip(1_000);
      return processIsGone(pid);
    }, 'the sick instance is ended');
    expect(run.systemLines()).toContainEqual(
      expect.stringMatching(
        /^LIVENESS HTTP probe failed 2 times consecutively for container "lively-1" on port 8080/,
      ),
    );
  });

  describe('when traffic moves', () => {
    test('a request under way is finished by its revision, which then gets SIGTERM', async () => {
      const { uri } = await run.deploy('drain', {}, { template: { revision: 'drain-a' } });
      const { pid } = await ask(uri);
      const request = httpRequest(`${uri ?? ''}/stream`, { method: 'POST' });
      request.write('1');
      const response = await answerTo(request);
      await run.deploy('drain', { args: ['/app/server.mjs', 'b'] }, { template: { revision: 'drain-b' } });
      expect(await ask(uri)).toMatchObject({ revision: 'drain-b' });
      expect(processIsGone(pid)).toBe(false);
      request.end('2');
      expect(await textOf(response)).toBe('first12last');
      expect(response.headers['x-revision']).toBe('drain-a');
      await until(() => processIsGone(pid), 'the drained revision has ended');
      const said = (): boolean =>
        run
          .logOf('run.googleapis.com/stdout')
          .some(
            (entry) => entry.textPayload === 'SIGTERM' && entry.resource.labels.revision_name === 'drain-a',
          );
      await until(said, 'it was asked to end');
      // It was asked to end, so its end is no event.
      expect(run.systemLines().filter((line) => line === 'Container called exit(0).')).toHaveLength(1);
      const [revision] = await run.revisions.getRevision({ name: `${fullName('drain')}/revisions/drain-a` });
      const condition = (type: string): object | undefined =>
        revision.conditions?.find((each) => each.type === type) ?? undefined;
      expect(condition('Ready')).toMatchObject({ state: 'CONDITION_SUCCEEDED' });
      expect(condition('Active')).toMatchObject({ revisionReason: 'RETIRED', severity: 'INFO' });
    });

    test('a revision that nothing led to any more comes back when traffic returns', async () => {
      const { uri } = await run.route('drain', [{ type: byRevision, revision: 'drain-a', percent: 100 }]);
      expect(await ask(uri)).toMatchObject({ revision: 'drain-a' });
    });

    test('no request is lost', async () => {
      await run.deploy('busy', {}, { template: { revision: 'busy-a' } });
      const { uri } = await run.deploy(
        'busy',
        { args: ['/app/server.mjs', 'b'] },
        {
          template: { revision: 'busy-b' },
          traffic: [{ type: byRevision, revision: 'busy-a', percent: 100 }],
        },
      );
      let stop = false;
      const failures: unknown[] = [];
      const load = Array.from({ length: 4 }, async () => {
        while (!stop) await ask(uri).catch((error: unknown) => failures.push(error));
      });
      for (const revision of ['busy-b', 'busy-a', 'busy-b', 'busy-a']) {
        await run.route('busy', [{ type: byRevision, revision, percent: 100 }]);
        await until(async () => (await ask(uri)).revision === revision, 'the traffic has moved');
      }
      stop = true;
      await Promise.all(load);
      expect(failures).toEqual([]);
    });
  });

  describe('at a tag', () => {
    let tagUri = '';
    let first: Answer;

    test('a revision is kept for a minute after its last request, then started by the next', async () => {
      await run.deploy('tagged', {}, { template: { revision: 'tagged-a' } });
      const service = await run.deploy(
        'tagged',
        { args: ['/app/server.mjs', 'b'] },
        {
          template: { revision: 'tagged-b' },
          traffic: [
            { type: byRevision, revision: 'tagged-a', percent: 100 },
            { type: byRevision, revision: 'tagged-b', tag: 'next' },
          ],
        },
      );
      tagUri = service.trafficStatuses?.find(({ tag }) => tag === 'next')?.uri ?? '';
      first = await ask(tagUri);
      clock.skip(50_000);
      expect((await ask(tagUri)).pid).toBe(first.pid);
      // The instance counts as idle once the request has been recorded.
      const recorded = requests('tagged').length;
      await until(() => requests('tagged').length >= Math.max(recorded, 2), 'the requests are over');
      clock.skip(61_000);
      await until(() => processIsGone(first.pid), 'the idle instance has ended');
      expect((await ask(tagUri)).pid).not.toBe(first.pid);
    });

    test('the address ends with the tag, and is not given to the next one', async () => {
      await run.route('tagged', [{ type: byRevision, revision: 'tagged-a', percent: 100 }]);
      await expect(fetch(tagUri)).rejects.toThrow();
      const service = await run.route('tagged', [
        { type: byRevision, revision: 'tagged-a', percent: 100, tag: 'other' },
      ]);
      expect(service.trafficStatuses?.[0]?.uri).not.toBe(tagUri);
      const again = await run.route('tagged', [
        { type: byRevision, revision: 'tagged-a', percent: 100, tag: 'next' },
      ]);
      expect(again.trafficStatuses?.[0]?.uri).toBe(tagUri);
    });
  });

  describe('of a private service', () => {
    let uri = '';
    let tagUri = '';
    beforeAll(async () => {
      const service = await run.deploy(
        'private',
        {},
        {
          invokerIamDisabled: false,
          template: { revision: 'private-a' },
          traffic: [{ type: byRevision, revision: 'private-a', percent: 100, tag: 't' }],
        },
      );
      uri = service.uri ?? '';
      tagUri = service.trafficStatuses?.[0]?.uri ?? '';
    });
    const token = (audience: string): string =>
      run.cloud.context.identity.mint(audience, 'caller@p.iam.gserviceaccount.com');

    test.each<{ name: string; headers: () => Record<string, string> }>([
      { name: 'no token', headers: () => ({}) },
      { name: 'a token that is none', headers: () => ({ authorization: 'Bearer abc' }) },
      {
        name: 'a token for another address',
        headers: () => ({ authorization: `Bearer ${token('http://127.0.0.1:1')}` }),
      },
      {
        name: 'a token with another signature',
        headers: () => ({ authorization: `Bearer ${token(uri).slice(0, -4)}AAAA` }),
      },
    ])('a request with $name is refused and reaches no container', async ({ headers }) => {
      const answer = await fetch(`${uri}/private<x>`, { headers: headers() });
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain('Your client does not have permission to get URL');
      await until(() => requests('private').length > 0, 'the entry');
      expect(requests('private').at(-1)).toMatchObject({
        severity: 'WARNING',
        httpRequest: { status: 403 },
        resource: { labels: { revision_name: '' } },
      });
    });

    test('a token for it is let in, and the container cannot use it elsewhere', async () => {
      const { headers } = await ask(uri, { headers: { authorization: `Bearer ${token(uri)}` } });
      expect(headers.authorization).toMatch(/^Bearer [^.]+\.[^.]+\.SIGNATURE_REMOVED_BY_GOOGLE$/);
      await ask(tagUri, { headers: { authorization: `Bearer ${token(uri)}` } });
      await ask(uri, {
        headers: { 'x-serverless-authorization': `Bearer ${token(tagUri)}`, authorization: 'Basic x' },
      });
    });

    test('a WebSocket without a token is refused', async () => {
      expect(await upgrade(uri, '/live')).toEqual({ status: 403 });
    });

    test('a policy that admits allUsers makes it public', async () => {
      const policy = { bindings: [{ role: 'roles/run.invoker', members: ['allUsers'] }] };
      await run.services.setIamPolicy({ resource: fullName('private'), policy });
      const [read] = await run.services.getIamPolicy({ resource: fullName('private') });
      expect(read.bindings).toMatchObject(policy.bindings);
      expect(await ask(uri)).toMatchObject({ revision: 'private-a' });
    });
  });

  test('a port that another program has taken is replaced', async () => {
    const { uri } = await run.deploy('moved');
    const state = run.cloud.stateFolder;
    await run.close({ keepState: true });
    const squatter = createServer();
    await new Promise<void>((resolve) =>
      squatter.listen(Number(new URL(uri ?? '').port), '127.0.0.1', resolve),
    );
    run = await runCloud({ clock, stateFolder: state });
    const moved = await run.get('moved');
    await new Promise((resolve) => squatter.close(resolve));
    expect(run.cloud.logged).toContainEqual(expect.stringContaining('is in use by another program now'));
    expect(moved.uri).not.toBe(uri);
    expect(await ask(moved.uri)).toMatchObject({ service: 'moved' });
  });
});
