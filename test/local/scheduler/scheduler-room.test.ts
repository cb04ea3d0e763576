import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createSchedulerRoom } from '../../../local/scheduler/scheduler-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';

interface Published {
  readonly topic: string;
  readonly text: string;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly at: string;
}

// Real sockets, on a machine that may be busy.
jest.setTimeout(30_000);

let clock: ManualClock;
let cloud: TestCloud;
let published: Published[];

async function open(stateFolder?: string): Promise<void> {
  cloud = await testCloud({ clock, ...(stateFolder === undefined ? {} : { stateFolder }) });
  const { room } = createSchedulerRoom(cloud.context, {
    publisher: {
      publish(topic, { data, attributes }) {
        published.push({
          topic,
          text: data.toString('utf8'),
          attributes,
          at: new Date(clock.now()).toISOString().slice(11, 16),
        });
      },
    },
  });
  await cloud.serve([room]);
}

beforeEach(async () => {
  clock = manualClock();
  published = [];
  await open();
});
afterEach(() => cloud.close());

const parent = 'projects/test-project/locations/europe-west1';
const name = `${parent}/jobs/tick`;
const minute = 60_000;

async function call(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`${cloud.context.origin}/v1/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

const tick = {
  name,
  schedule: '* * * * *',
  pubsubTarget: {
    topicName: 'projects/test-project/topics/ticks',
    data: Buffer.from('{}').toString('base64'),
    attributes: { kind: 'tick' },
  },
};
const create = (job: object = tick): ReturnType<typeof call> => call('POST', `${parent}/jobs`, job);
const times = (): string[] => published.map(({ at }) => at);

describe('jobs', () => {
  test('are created, read, listed, changed and deleted', async () => {
    const made = await create();
    expect(made).toMatchObject({
      status: 200,
      json: {
        name,
        state: 'ENABLED',
        timeZone: 'Etc/UTC',
        scheduleTime: '2026-03-02T10:01:00.000Z',
        userUpdateTime: '2026-03-02T10:00:00.000Z',
      },
    });
    expect(await create()).toMatchObject({ status: 409 });
    expect((await call('GET', name)).json).toEqual(made.json);
    expect((await call('GET', `${parent}/jobs`)).json).toEqual({ jobs: [made.json] });
    const changed = await call('PATCH', `${name}?updateMask=schedule,timeZone`, {
      schedule: '0 9 * * *',
      timeZone: 'Europe/Berlin',
    });
    expect(changed.json).toMatchObject({
      schedule: '0 9 * * *',
      scheduleTime: '2026-03-03T08:00:00.000Z',
      pubsubTarget: tick.pubsubTarget,
    });
    expect((await call('DELETE', name)).json).toEqual({});
    expect(await call('GET', name)).toMatchObject({ status: 404, json: { error: { status: 'NOT_FOUND' } } });
    expect(clock.timers).toBe(0);
  });

  test.each<[object, string, RegExp]>([
    [{ ...tick, schedule: 'every 5 minutes' }, 'INVALID_ARGUMENT', /five fields/],
    [{ ...tick, timeZone: 'Mars/Olympus' }, 'INVALID_ARGUMENT', /Mars/],
    [{ ...tick, pubsubTarget: undefined }, 'INVALID_ARGUMENT', /one target/],
    [{ ...tick, httpTarget: { uri: 'http://127.0.0.1/' } }, 'INVALID_ARGUMENT', /one target/],
    [{ ...tick, pubsubTarget: { topicName: 'ticks', data: 'e30=' } }, 'INVALID_ARGUMENT', /topicName/],
    [
      { ...tick, pubsubTarget: { topicName: 'projects/p/topics/t' } },
      'INVALID_ARGUMENT',
      /data or attributes/,
    ],
    [{ ...tick, name: `${parent}/jobs/a b` }, 'INVALID_ARGUMENT', /Job name/],
    [{ ...tick, colour: 'red' }, 'INVALID_ARGUMENT', /colour/],
    [{ ...tick, appEngineHttpTarget: {} }, 'UNIMPLEMENTED', /appEngineHttpTarget/],
    [{ ...tick, httpTarget: { uri: 'http://x', oauthToken: {} } }, 'UNIMPLEMENTED', /oauthToken/],
  ])('%j is refused', async (job, status, message) => {
    expect((await create(job)).json).toMatchObject({
      error: { status, message: expect.stringMatching(message) as unknown },
    });
  });

  test('a change may carry bits of what it does not change, as that of gcloud does', async () => {
    await create();
    const changed = await call('PATCH', `${name}?updateMask=schedule`, {
      name,
      schedule: '*/5 * * * *',
      pubsubTarget: {},
    });
    expect(changed.json).toMatchObject({ schedule: '*/5 * * * *', pubsubTarget: tick.pubsubTarget });
    const switched = await call('PATCH', `${name}?updateMask=http_target`, {
      httpTarget: { uri: 'http://127.0.0.1/' },
    });
    expect(switched.json).toMatchObject({ httpTarget: { uri: 'http://127.0.0.1/' } });
    expect(switched.json).not.toHaveProperty('pubsubTarget');
    expect((await call('PATCH', `${name}?updateMask=schedule`, { schedule: 'soon' })).status).toBe(400);
  });

  test('a change without a mask, or of what cannot change, is refused', async () => {
    await create();
    expect((await call('PATCH', name, { schedule: '* * * * *' })).status).toBe(400);
    expect((await call('PATCH', `${name}?updateMask=state`, {})).status).toBe(400);
  });
});

describe('runs', () => {
  test('come when they are due, with the message as given', async () => {
    await create();
    clock.advance(59_999);
    expect(published).toEqual([]);
    clock.advance(1);
    expect(published).toEqual([
      { topic: tick.pubsubTarget.topicName, text: '{}', attributes: { kind: 'tick' }, at: '10:01' },
    ]);
    // The run before is recorded as over before the next one is due.
    await until(
      async () => (await call('GET', name)).json.lastAttemptTime === '2026-03-02T10:01:00.000Z',
      'the record',
    );
    clock.advance(minute);
    expect(times()).toEqual(['10:01', '10:02']);
    expect((await call('GET', name)).json).toMatchObject({
      scheduleTime: '2026-03-02T10:03:00.000Z',
      status: {},
    });
  });

  test('that are weeks away come too', async () => {
    await create({ ...tick, schedule: '0 0 1 6 *' });
    clock.advance(Date.parse('2026-06-01T00:00:00Z') - clock.now() - 1);
    expect(published).toEqual([]);
    clock.advance(1);
    expect(published).toHaveLength(1);
  });

  test('stop while paused, go on when resumed', async () => {
    await create();
    expect((await call('POST', `${name}:resume`)).json).toMatchObject({
      error: { status: 'FAILED_PRECONDITION' },
    });
    const paused = await call('POST', `${name}:pause`);
    expect(paused.json.state).toBe('PAUSED');
    expect(paused.json).not.toHaveProperty('scheduleTime');
    clock.advance(10 * minute);
    expect(published).toEqual([]);
    await call('POST', `${name}:run`);
    await call('POST', `${name}:resume`);
    clock.advance(minute);
    expect(times()).toEqual(['10:10', '10:11']);
  });

  test('outlast a restart; what was missed meanwhile is not caught up', async () => {
    await create();
    await cloud.close({ keepState: true });
    clock.advance(30 * minute);
    await open(cloud.stateFolder);
    expect(published).toEqual([]);
    expect((await call('GET', name)).json.scheduleTime).toBe('2026-03-02T10:31:00.000Z');
    clock.advance(minute);
    expect(times()).toEqual(['10:31']);
  });
});

describe('http targets', () => {
  let server: Server;
  let uri: string;
  let requests: { method: string; headers: IncomingHttpHeaders; body: string }[];
  let answer: () => number | undefined;

  beforeEach(async () => {
    requests = [];
    answer = () => 200;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        requests.push({
          method: request.method ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
        const status = answer();
        if (status !== undefined) response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tick`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const http = (settings: object = {}, job: object = {}): object => ({
    name,
    schedule: '* * * * *',
    httpTarget: { uri, ...settings },
    ...job,
  });
  const status = async (): Promise<unknown> => (await call('GET', name)).json.status;

  const statusText = async (): Promise<string> => JSON.stringify((await status()) ?? null);

  test('get the request as described, with an identity token', async () => {
    await create(
      http({
        httpMethod: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: Buffer.from('{"a":1}').toString('base64'),
        oidcToken: { serviceAccountEmail: 'ticker@x' },
      }),
    );
    clock.advance(minute);
    await until(async () => (await status()) !== undefined, 'a status');
    const [request] = requests;
    expect(request).toMatchObject({
      method: 'PUT',
      body: '{"a":1}',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Google-Cloud-Scheduler',
        'x-cloudscheduler-jobname': name,
        'x-cloudscheduler-scheduletime': '2026-03-02T10:01:00.000Z',
      },
    });
    const token = request?.headers.authorization?.replace('Bearer ', '') ?? '';
    expect(cloud.context.identity.verify(token)).toEqual({ aud: uri, email: 'ticker@x' });
    expect(await status()).toEqual({});
  });

  test('that fail are tried again as the retry settings say', async () => {
    answer = () => (requests.length < 3 ? 503 : 200);
    await create(
      http({}, { schedule: '0 11 * * *', retryConfig: { retryCount: 2, minBackoffDuration: '10s' } }),
    );
    await call('POST', `${name}:run`);
    await until(async () => (await statusText()).includes('503'), 'the first failure');
    clock.advance(10_000);
    await until(() => requests.length === 2 && clock.dueInMs.includes(20_000), 'the second back-off');
    clock.advance(20_000);
    await until(async () => (await statusText()) === '{}', 'the success');
    expect(requests).toHaveLength(3);
  });

  test('that do not answer in time have failed', async () => {
    answer = () => undefined;
    await create(http({}, { attemptDeadline: '30s' }));
    clock.advance(minute);
    await until(() => requests.length === 1, 'the request');
    clock.advance(30_000);
    await until(async () => (await statusText()).includes('"code":4'), 'the status');
  });

  test('a run that falls due while the last one is under way is left out', async () => {
    answer = () => undefined;
    await create(http({}, { attemptDeadline: '90s' }));
    clock.advance(minute);
    await until(() => requests.length === 1, 'the request');
    clock.advance(2 * minute);
    answer = () => 200;
    await until(async () => (await statusText()).includes('"code":4'), 'the end of the first');
    clock.advance(minute);
    await until(() => requests.length === 2, 'the next');
    expect(requests[1]?.headers['x-cloudscheduler-scheduletime']).toBe('2026-03-02T10:04:00.000Z');
  });

  test('a target that is down is a status, not an end', async () => {
    await create(http({ uri: 'http://127.0.0.1:1/' }));
    clock.advance(minute);
    await until(async () => (await statusText()).includes('ECONNREFUSED'), 'the status');
    expect((await call('PATCH', `${name}?updateMask=httpTarget`, { httpTarget: { uri } })).status).toBe(200);
    clock.advance(minute);
    await until(() => requests.length === 1, 'the request');
  });
});
