import { AlertPolicyServiceClient, type protos } from '@google-cloud/monitoring';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createLoggingRoom, type LoggingRoom } from '../../../local/logging/logging-room.ts';
import { createMonitoringRoom } from '../../../local/monitoring/monitoring-room.ts';
import { setUpAlertPolicy } from '../../../scripts/setup/alert-policy.ts';
import { setupCloud, type SetupCloud } from './setup-cloud.ts';

let setup: SetupCloud;
let logging: LoggingRoom;
let client: AlertPolicyServiceClient;
beforeEach(async () => {
  setup = await setupCloud(({ context }) => {
    logging = createLoggingRoom(context, { publisher: { publish: () => undefined } });
    return [logging.room, createMonitoringRoom(context, { logs: logging.watcher }).room];
  });
  client = new AlertPolicyServiceClient(setup.target().api.clientOptions);
});
afterEach(async () => {
  await client.close();
  await setup.cloud.close();
});

const project = 'projects/test-project';
const policies = async (): Promise<protos.google.monitoring.v3.IAlertPolicy[]> =>
  (await client.listAlertPolicies({ name: project }))[0];
const only = async (): Promise<protos.google.monitoring.v3.IAlertPolicy> => {
  const [policy, ...others] = await policies();
  if (!policy || others.length > 0) throw new Error(`there are ${others.length + 1} policies`);
  return policy;
};
const openAlerts = async (): Promise<unknown[]> => {
  const answer = await fetch(
    `${setup.cloud.context.origin}/v3/${project}/alerts?filter=${encodeURIComponent('state="OPEN"')}`,
  );
  return ((await answer.json()) as { alerts: unknown[] }).alerts;
};

test('makes the policy of the file once, and says that nobody is told yet', async () => {
  await setUpAlertPolicy(setup.target());
  expect(setup.noted()).toEqual([
    'created alert policy "Slipway needs a person"',
    'nobody is told of it yet: pipeline.yaml has no notificationChannels',
  ]);
  expect(await only()).toMatchObject({
    displayName: 'Slipway needs a person',
    severity: 'CRITICAL',
    userLabels: { slipway: 'paging' },
    notificationChannels: [],
    alertStrategy: { notificationRateLimit: { period: { seconds: '300' } }, autoClose: { seconds: '3600' } },
  });
  const before = await only();
  await setUpAlertPolicy(setup.target());
  expect(setup.noted()).toEqual([]);
  expect(await only()).toEqual(before);
});

test('a CRITICAL line of a function of ours is what it opens an alert for, and nothing else is', async () => {
  await setUpAlertPolicy(setup.target());
  const write = (service: string, severity: 'ERROR' | 'CRITICAL'): void => {
    logging.writer.write({
      logName: `${project}/logs/run.googleapis.com%2Fstdout`,
      resource: { type: 'cloud_run_revision', labels: { service_name: service } },
      severity,
      jsonPayload: { message: 'api is frozen: there is no way back' },
    });
  };
  write('slipway-rollout', 'ERROR');
  write('api', 'CRITICAL');
  expect(await openAlerts()).toEqual([]);
  write('slipway-rollout', 'CRITICAL');
  expect(await openAlerts()).toMatchObject([
    { state: 'OPEN', policy: { displayName: 'Slipway needs a person' } },
  ]);
});

test('brings one that was changed back to what the file says, and leaves alone what people decide', async () => {
  await setUpAlertPolicy(setup.target());
  const { name } = await only();
  const byHand = [`${project}/notificationChannels/77`];
  await client.updateAlertPolicy({
    alertPolicy: {
      ...(name === undefined ? {} : { name }),
      displayName: 'changed',
      enabled: { value: false },
      notificationChannels: byHand,
    },
    updateMask: { paths: ['display_name', 'enabled', 'notification_channels'] },
  });
  setup.noted();
  await setUpAlertPolicy(setup.target());
  expect(setup.noted()).toEqual(['updated alert policy "Slipway needs a person"']);
  expect(await only()).toMatchObject({
    name,
    displayName: 'Slipway needs a person',
    enabled: { value: false },
    notificationChannels: byHand,
  });
});

test('the channels of pipeline.yaml are those that are told', async () => {
  await setUpAlertPolicy(setup.target({ notificationChannels: ['1', '2'] }));
  expect(setup.noted()).toEqual(['created alert policy "Slipway needs a person"']);
  const channels = ['1', '2'].map((id) => `${project}/notificationChannels/${id}`);
  expect((await only()).notificationChannels).toEqual(channels);
  await setUpAlertPolicy(setup.target({ notificationChannels: ['1', '2'] }));
  expect(setup.noted()).toEqual([]);
  await setUpAlertPolicy(setup.target({ notificationChannels: ['2'] }));
  expect((await only()).notificationChannels).toEqual(channels.slice(1));
  await setUpAlertPolicy(setup.target({ notificationChannels: [] }));
  expect((await only()).notificationChannels).toEqual([]);
});

test("other people's policies are left alone", async () => {
  await client.createAlertPolicy({
    name: project,
    alertPolicy: {
      displayName: 'mine',
      combiner: 'OR',
      conditions: [{ displayName: 'errors', conditionMatchedLog: { filter: 'severity>=ERROR' } }],
      alertStrategy: { notificationRateLimit: { period: { seconds: 60 } } },
    },
  });
  await setUpAlertPolicy(setup.target());
  expect((await policies()).map(({ displayName }) => displayName)).toEqual([
    'mine',
    'Slipway needs a person',
  ]);
});
