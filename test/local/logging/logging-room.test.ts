import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLoggingRoom, type LoggingRoom } from '../../../local/logging/logging-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';

interface Message {
  topic: string;
  data: unknown;
  attributes: unknown;
}

interface Listed {
  entries?: { textPayload?: string; insertId: string; timestamp: string }[];
  nextPageToken?: string;
}

const sink = {
  name: 'run-events',
  destination: 'pubsub.googleapis.com/projects/p/topics/cloud-run-events',
  filter: 'log_id("cloudaudit.googleapis.com/system_event") resource.type="cloud_run_revision"',
};

const readiness = {
  logName: 'projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event',
  resource: { type: 'cloud_run_revision', labels: { project_id: 'p' } },
  protoPayload: { response: { kind: 'Revision' } },
};

describe('Cloud Logging', () => {
  let cloud: TestCloud;
  let logging: LoggingRoom;
  let clock: ManualClock;
  let published: Message[];

  const start = async (stateFolder?: string): Promise<void> => {
    clock = manualClock();
    published = [];
    cloud = await testCloud({ clock, ...(stateFolder === undefined ? {} : { stateFolder }) });
    logging = createLoggingRoom(cloud.context, {
      publisher: {
        publish(topic, { data, attributes }) {
          published.push({ topic, data: JSON.parse(data.toString()), attributes });
        },
      },
    });
    await cloud.serve([logging.room]);
  };
  beforeEach(() => start());
  afterEach(() => cloud.close());

  const call = async (
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${cloud.context.origin}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const list = async (request: object): Promise<Listed> => {
    const { status, body } = await call('POST', '/v2/entries:list', {
      resourceNames: ['projects/p'],
      ...request,
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return body as Listed;
  };
  const texts = ({ entries = [] }: Listed): string[] => entries.map(({ textPayload }) => textPayload ?? '');

  describe('sinks', () => {
    test('are created, read, listed, updated and deleted', async () => {
      const created = await call('POST', '/v2/projects/p/sinks?uniqueWriterIdentity=true', sink);
      expect(created).toMatchObject({
        status: 200,
        body: {
          ...sink,
          writerIdentity: 'serviceAccount:service-123456789012@gcp-sa-logging.iam.gserviceaccount.com',
        },
      });
      expect(await call('GET', '/v2/projects/p/sinks/run-events')).toEqual(created);
      expect(await call('GET', '/v2/projects/p/sinks')).toMatchObject({
        body: { sinks: [{ name: 'run-events' }] },
      });
      expect(await call('GET', '/v2/projects/other/sinks')).toMatchObject({ body: { sinks: [] } });
      const updated = await call('PUT', '/v2/projects/p/sinks/run-events?updateMask=filter,description', {
        ...sink,
        filter: 'severity>=ERROR',
        description: 'errors',
        destination: 'pubsub.googleapis.com/projects/p/topics/ignored',
      });
      expect(updated.body).toMatchObject({
        filter: 'severity>=ERROR',
        description: 'errors',
        destination: sink.destination,
      });
      expect(await call('DELETE', '/v2/projects/p/sinks/run-events')).toEqual({ status: 200, body: {} });
      expect(await call('GET', '/v2/projects/p/sinks/run-events')).toMatchObject({
        status: 404,
        body: { error: { status: 'NOT_FOUND' } },
      });
    });

    test.each([
      {
        name: 'twice the same name',
        body: sink,
        twice: true,
        status: 'ALREADY_EXISTS',
        message: 'run-events',
      },
      {
        name: 'a filter that cannot be parsed',
        body: { ...sink, filter: 'sample(insertId, 0.5)' },
        status: 'INVALID_ARGUMENT',
        message: 'sample()',
      },
      {
        name: 'another kind of destination',
        body: { ...sink, destination: 'storage.googleapis.com/bucket' },
        status: 'UNIMPLEMENTED',
        message: 'storage.googleapis.com/bucket',
      },
      {
        name: 'no destination',
        body: { name: 'x' },
        status: 'INVALID_ARGUMENT',
        message: 'sink.destination',
      },
      {
        name: 'an unknown field',
        body: { ...sink, colour: 'red' },
        status: 'INVALID_ARGUMENT',
        message: 'colour',
      },
      {
        name: 'an unusable name',
        body: { ...sink, name: 'a b' },
        status: 'INVALID_ARGUMENT',
        message: 'sink.name',
      },
    ])('are refused with $name', async ({ body, twice, status, message }) => {
      if (twice) await call('POST', '/v2/projects/p/sinks', body);
      expect((await call('POST', '/v2/projects/p/sinks', body)).body).toMatchObject({
        error: { status, message: expect.stringContaining(message) },
      });
    });

    test('publish the entries that pass, as they are stored', async () => {
      await call('POST', '/v2/projects/p/sinks', sink);
      logging.writer.write(readiness);
      logging.writer.write({ ...readiness, logName: 'projects/p/logs/run.googleapis.com%2Fstdout' });
      logging.writer.write({
        ...readiness,
        logName: readiness.logName.replace('projects/p/', 'projects/other/'),
      });
      expect(published).toEqual([
        {
          topic: 'projects/p/topics/cloud-run-events',
          data: {
            ...readiness,
            severity: 'DEFAULT',
            timestamp: '2026-03-02T10:00:00.000Z',
            receiveTimestamp: '2026-03-02T10:00:00.000Z',
            insertId: expect.any(String),
          },
          attributes: { 'logging.googleapis.com/timestamp': '2026-03-02T10:00:00.000Z' },
        },
      ]);
      const { entries } = await list({ filter: sink.filter });
      expect(entries).toEqual([published[0]?.data]);
    });

    test.each([
      {
        name: 'excluded',
        change: { exclusions: [{ name: 'revisions', filter: 'protoPayload.response.kind="Revision"' }] },
      },
      { name: 'of a sink that is disabled', change: { disabled: true } },
    ])('do not publish what is $name', async ({ change }) => {
      await call('POST', '/v2/projects/p/sinks', { ...sink, ...change });
      logging.writer.write(readiness);
      expect(published).toEqual([]);
    });

    test('are there after a restart, with the entries', async () => {
      await call('POST', '/v2/projects/p/sinks', sink);
      logging.writer.write({ ...readiness, textPayload: 'kept' });
      const { stateFolder } = cloud;
      await cloud.close({ keepState: true });
      await start(stateFolder);
      clock.advance(1);
      logging.writer.write(readiness);
      expect(published).toHaveLength(1);
      expect(texts(await list({}))).toEqual(['kept', '']);
    });
  });

  describe('entries', () => {
    const write = (text: string): void => {
      clock.advance(1);
      logging.writer.write({
        logName: 'projects/p/logs/app',
        resource: { type: 'global', labels: {} },
        textPayload: text,
      });
    };

    test('of one millisecond stay in the order of their writing', async () => {
      for (const text of ['a', 'b', 'c'])
        logging.writer.write({
          logName: 'projects/p/logs/app',
          resource: { type: 'global', labels: {} },
          textPayload: text,
        });
      expect(texts(await list({}))).toEqual(['a', 'b', 'c']);
      expect(texts(await list({ orderBy: 'timestamp desc' }))).toEqual(['c', 'b', 'a']);
    });

    test('come in pages that a filter and an order belong to', async () => {
      for (const text of ['a', 'b', 'c', 'd', 'e']) write(text);
      const request = { filter: 'textPayload!="c"', orderBy: 'timestamp desc', pageSize: 3 };
      const first = await list(request);
      expect(texts(first)).toEqual(['e', 'd', 'b']);
      const second = await list({ ...request, pageToken: first.nextPageToken });
      expect(texts(second)).toEqual(['a']);
      expect(second.nextPageToken).toBeUndefined();
      const other = { ...request, filter: '', pageToken: first.nextPageToken };
      await expect(list(other)).rejects.toThrow('page_token does not match the request');
    });

    test.each([
      [{ resourceNames: [] }, 'resourceNames'],
      [{ resourceNames: ['folders/1'] }, 'folders/1'],
      [{ orderBy: 'severity' }, 'order_by'],
      [{ filter: 'colour=red' }, "Field not found: 'colour'."],
      [{ pageToken: 'x' }, 'page_token is invalid'],
      [{ colour: 'red' }, 'colour'],
    ])('are not listed for %j', async (request, message) => {
      await expect(list(request)).rejects.toThrow(message);
    });

    test('are written by the API, with the defaults of the request', async () => {
      const answer = await call('POST', '/v2/entries:write', {
        logName: 'projects/p/logs/deploys',
        resource: { type: 'global' },
        labels: { team: 'web' },
        entries: [
          { textPayload: 'one', severity: 300, timestamp: '2026-03-02T09:00:00.5+01:00' },
          { jsonPayload: { a: 1 }, labels: { team: 'api' }, insertId: 'mine' },
        ],
      });
      expect(answer).toEqual({ status: 200, body: {} });
      const { entries } = await list({});
      expect(entries).toMatchObject([
        {
          textPayload: 'one',
          severity: 'NOTICE',
          timestamp: '2026-03-02T08:00:00.500000000Z',
          labels: { team: 'web' },
        },
        { jsonPayload: { a: 1 }, insertId: 'mine', labels: { team: 'api' }, severity: 'DEFAULT' },
      ]);
    });

    const good = { logName: 'projects/p/logs/l', textPayload: 'good' };
    test.each([
      [{ textPayload: 'x' }, 'The log name "" is not'],
      [{ ...good, logName: 'projects/p/logs/a/b' }, 'The log name "projects/p/logs/a/b" is not'],
      [{ ...good, severity: 'LOUD' }, 'Unknown severity'],
      [{ ...good, timestamp: 'now' }, 'The timestamp "now" is not'],
      [{ ...good, jsonPayload: {} }, 'An entry has one payload, not textPayload and jsonPayload'],
      [{ ...good, colour: 'red' }, 'Unknown name "colour"'],
    ])('that are wrong are refused together with the others: %j', async (bad, message) => {
      const refused = await call('POST', '/v2/entries:write', { entries: [good, bad] });
      expect(refused).toMatchObject({
        status: 400,
        body: { error: { message: expect.stringContaining(message) } },
      });
      expect(texts(await list({}))).toEqual([]);
      await call('POST', '/v2/entries:write', { entries: [good, bad], partialSuccess: true });
      expect(texts(await list({}))).toEqual(['good']);
    });
  });
});
