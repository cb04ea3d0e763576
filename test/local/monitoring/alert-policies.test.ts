import { AlertPolicyServiceClient, type protos } from '@google-cloud/monitoring';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import type { LogEntry } from '../../../local/core/links.ts';
import { createLoggingRoom, type LoggingRoom } from '../../../local/logging/logging-room.ts';
import { createMonitoringRoom } from '../../../local/monitoring/monitoring-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';

type IAlertPolicy = protos.google.monitoring.v3.IAlertPolicy;

const project = 'projects/test-project';
let clock: ManualClock;
let cloud: TestCloud;
let logging: LoggingRoom;
let client: AlertPolicyServiceClient;

async function start(stateFolder?: string): Promise<void> {
  cloud = await testCloud({ clock, ...(stateFolder === undefined ? {} : { stateFolder }) });
  logging = createLoggingRoom(cloud.context, { publisher: { publish: () => undefined } });
  await cloud.serve([logging.room, createMonitoringRoom(cloud.context, { logs: logging.watcher }).room]);
  client = new AlertPolicyServiceClient(createGoogleApi(cloud.context.origin).clientOptions);
}
beforeEach(() => {
  clock = manualClock();
  return start();
});
afterEach(async () => {
  await client.close();
  await cloud.close();
});

const wanted = (part: IAlertPolicy = {}): IAlertPolicy => ({
  displayName: 'needs a person',
  combiner: 'OR',
  conditions: [{ displayName: 'bad', conditionMatchedLog: { filter: 'severity>=CRITICAL' } }],
  alertStrategy: {
    notificationRateLimit: { period: { seconds: 300 } },
    autoClose: { seconds: 3600 },
  },
  ...part,
});
const create = async (part?: IAlertPolicy): Promise<IAlertPolicy> =>
  (await client.createAlertPolicy({ name: project, alertPolicy: wanted(part) }))[0];

const write = (message: string, severity: LogEntry['severity'] = 'CRITICAL', where = project): void => {
  logging.writer.write({
    logName: `${where}/logs/x`,
    resource: { type: 'cloud_run_revision', labels: { service_name: 'slipway-rollout' } },
    severity,
    jsonPayload: { message },
  });
};
interface Listed {
  readonly alerts: readonly { name: string; state: string; openTime: string; closeTime?: string }[];
  readonly error?: { status: string };
}
const alerts = async (filter?: string): Promise<Listed> => {
  const query = filter === undefined ? '' : `?filter=${encodeURIComponent(filter)}`;
  const answer = await fetch(`${cloud.context.origin}/v3/${project}/alerts${query}`);
  return (await answer.json()) as Listed;
};
const notified = (): string[] => cloud.logged.filter((line) => line.includes('alert "'));

describe('a policy', () => {
  test('is made, read, listed, changed and deleted', async () => {
    const { name = '' } = await create();
    const stored = {
      name: expect.stringMatching(/^projects\/test-project\/alertPolicies\/\d+$/),
      enabled: { value: true },
      conditions: [
        { name: `${String(name)}/conditions/1`, conditionMatchedLog: { filter: 'severity>=CRITICAL' } },
      ],
    };
    expect((await client.getAlertPolicy({ name }))[0]).toMatchObject(stored);
    expect((await client.listAlertPolicies({ name: project }))[0]).toMatchObject([stored]);
    expect((await client.listAlertPolicies({ name: 'projects/other' }))[0]).toEqual([]);
    await client.updateAlertPolicy({
      alertPolicy: { name, displayName: 'new', severity: 'ERROR' },
      updateMask: { paths: ['display_name'] },
    });
    expect((await client.getAlertPolicy({ name }))[0]).toMatchObject({ ...stored, displayName: 'new' });
    await client.deleteAlertPolicy({ name });
    await expect(client.getAlertPolicy({ name })).rejects.toMatchObject({ code: 5 });
    await expect(client.deleteAlertPolicy({ name })).rejects.toMatchObject({ code: 5 });
  });

  test.each<[string, IAlertPolicy, number]>([
    ['without a name', { displayName: '' }, 3],
    ['without a condition', { conditions: [] }, 3],
    [
      'with a filter that is none',
      { conditions: [{ displayName: 'x', conditionMatchedLog: { filter: '((' } }] },
      3,
    ],
    ['without a rate limit', { alertStrategy: { autoClose: { seconds: 3600 } } }, 3],
    [
      'that closes too soon',
      { alertStrategy: { notificationRateLimit: { period: { seconds: 300 } }, autoClose: { seconds: 60 } } },
      3,
    ],
    ['with a channel that is none', { notificationChannels: ['pager'] }, 3],
    [
      'about a metric',
      { conditions: [{ displayName: 'x', conditionThreshold: { filter: 'metric.type="x"' } }] },
      12,
    ],
    [
      'with labels taken out of entries',
      {
        conditions: [
          { displayName: 'x', conditionMatchedLog: { filter: 'a', labelExtractors: { s: 'EXTRACT(a)' } } },
        ],
      },
      12,
    ],
  ])('%s is refused', async (_, part, code) => {
    await expect(create(part)).rejects.toMatchObject({ code });
    expect((await client.listAlertPolicies({ name: project }))[0]).toEqual([]);
  });

  test('that is changed to what is none stays as it was', async () => {
    const { name = '' } = await create();
    const conditions = [{ displayName: 'x', conditionMatchedLog: { filter: '((' } }];
    await expect(
      client.updateAlertPolicy({ alertPolicy: { name, conditions }, updateMask: { paths: ['conditions'] } }),
    ).rejects.toMatchObject({ code: 3 });
    write('still seen');
    expect((await alerts()).alerts).toHaveLength(1);
  });
});

describe('an alert', () => {
  test('is opened by an entry that passes the condition, in the project of the policy', async () => {
    await create();
    write('fine', 'ERROR');
    write('elsewhere', 'CRITICAL', 'projects/other');
    expect(await alerts()).toEqual({ alerts: [], totalSize: 0 });
    write('api is frozen');
    expect((await alerts('state="OPEN"')).alerts).toMatchObject([
      {
        state: 'OPEN',
        openTime: '2026-03-02T10:00:00.000Z',
        resource: { labels: { service_name: 'slipway-rollout' } },
        policy: { displayName: 'needs a person' },
      },
    ]);
    const name = (await alerts()).alerts[0]?.name ?? '';
    const one = await fetch(`${cloud.context.origin}/v3/${name}`);
    expect(await one.json()).toMatchObject({ name, state: 'OPEN' });
  });

  test('goes on with the next entries, and tells no more often than the policy allows', async () => {
    await create({ notificationChannels: [`${project}/notificationChannels/7`] });
    for (const seconds of [0, 60, 299, 300, 301]) {
      clock.advance((seconds - (clock.now() - Date.parse('2026-03-02T10:00:00Z')) / 1000) * 1000);
      write(`at ${seconds}`);
    }
    expect((await alerts()).alerts).toHaveLength(1);
    expect(notified()).toEqual([
      'warning: alert "needs a person" (it would notify 7): at 0',
      'warning: alert "needs a person" (it would notify 7): at 300',
    ]);
  });

  test('is closed when nothing has matched for as long as the policy says, and the next one is another', async () => {
    await create();
    write('once');
    clock.advance(1_800_000);
    write('again');
    clock.advance(3_599_000);
    expect((await alerts('state="OPEN"')).alerts).toHaveLength(1);
    clock.advance(1_000);
    expect((await alerts()).alerts).toMatchObject([
      { state: 'CLOSED', closeTime: '2026-03-02T11:30:00.000Z' },
    ]);
    write('anew');
    expect((await alerts()).alerts.map(({ state }) => state)).toEqual(['CLOSED', 'OPEN']);
  });

  test('is not opened for a policy that is disabled or deleted', async () => {
    const { name = '' } = await create();
    await client.updateAlertPolicy({
      alertPolicy: { name, enabled: { value: false } },
      updateMask: { paths: ['enabled'] },
    });
    write('disabled');
    await client.updateAlertPolicy({
      alertPolicy: { name, enabled: { value: true } },
      updateMask: { paths: ['enabled'] },
    });
    await client.deleteAlertPolicy({ name });
    write('deleted');
    expect((await alerts()).alerts).toEqual([]);
  });

  test('and its policy are there after a new start, and go on', async () => {
    await create();
    write('before');
    const { stateFolder } = cloud;
    await client.close();
    await cloud.close({ keepState: true });
    await start(stateFolder);
    expect((await alerts()).alerts).toMatchObject([{ state: 'OPEN' }]);
    clock.advance(300_000);
    write('after');
    expect((await alerts()).alerts).toHaveLength(1);
    expect(notified()).toEqual(['warning: alert "needs a person" (it has no notification channel): after']);
  });

  test('that nobody knows is not found, and a filter that is not supported says so', async () => {
    const answer = await fetch(`${cloud.context.origin}/v3/${project}/alerts/1`);
    expect(answer.status).toBe(404);
    expect((await alerts('policy.name="x"')).error?.status).toBe('UNIMPLEMENTED');
  });
});
