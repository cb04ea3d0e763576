import { v1 } from '@google-cloud/pubsub';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createPubSubRoom } from '../../../local/pubsub/pubsub-room.ts';
import { functionNames, type FunctionUrls } from '../../../scripts/setup/functions.ts';
import { setUpSubscriptions, setUpTopics, subscriptions } from '../../../scripts/setup/messaging.ts';
import { setupCloud, type SetupCloud } from './setup-cloud.ts';

const urls = Object.fromEntries(
  functionNames.map((name) => [name, `http://127.0.0.1:1/${name}`]),
) as FunctionUrls;

let setup: SetupCloud;
let client: v1.SubscriberClient;
beforeEach(async () => {
  setup = await setupCloud(({ context }) => [createPubSubRoom(context).room]);
  client = new v1.SubscriberClient(setup.target().api.clientOptions);
});
afterEach(async () => {
  await client.close();
  await setup.cloud.close();
});

const retentions = async (): Promise<Record<string, number>> => {
  const [found] = await client.listSubscriptions({ project: 'projects/test-project' });
  return Object.fromEntries(
    found.map(({ name, messageRetentionDuration }) => [
      name?.split('/').at(-1) ?? '',
      Number(String(messageRetentionDuration?.seconds)),
    ]),
  );
};
const day = 24 * 3600;

test('a tick that nobody could take is gone after ten minutes, everything else after a week', async () => {
  await setUpTopics(setup.target());
  await setUpSubscriptions(setup.target(), urls);
  expect(await retentions()).toEqual({
    'dead-letters': 7 * day,
    ...Object.fromEntries(
      subscriptions.map(({ topic, target }) => [`${topic}-to-${target}`, topic === 'ticks' ? 600 : 7 * day]),
    ),
  });
});

test('a subscription from before gets what it should have, and nothing of it is lost', async () => {
  await setUpTopics(setup.target());
  const name = 'projects/test-project/subscriptions/ticks-to-tick';
  await client.createSubscription({
    name,
    topic: 'projects/test-project/topics/ticks',
    pushConfig: { pushEndpoint: 'http://127.0.0.1:1/old' },
    messageRetentionDuration: { seconds: 7 * day },
    ackDeadlineSeconds: 300,
  });
  setup.noted();
  await setUpSubscriptions(setup.target(), urls);
  expect(setup.noted()).not.toContain('created subscription ticks → tick');
  const [found] = await client.getSubscription({ subscription: name });
  expect(found).toMatchObject({
    pushConfig: { pushEndpoint: 'http://127.0.0.1:1/tick/projects/test-project/topics/ticks' },
    messageRetentionDuration: { seconds: '600' },
    ackDeadlineSeconds: 300,
  });
});
