import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { v1 } from '@google-cloud/pubsub';
import { openBucket, type Bucket } from '../../../functions/platform/cloud-storage.ts';
import { createGoogleApi, type GoogleApi } from '../../../functions/platform/google-api.ts';
import { decodeJson } from '../../../functions/platform/pubsub-event.ts';
import { subscriber } from '../../../functions/subscriber.ts';
import { createPubSubRoom } from '../../../local/pubsub/pubsub-room.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import {
  countWaiting,
  openParkedMessages,
  type ParkedMessages,
} from '../../../scripts/people/dead-letters.ts';
import { z } from 'zod';
import { pushEndpoint, type Endpoint } from '../../local/pubsub/pubsub-cloud.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { until } from '../../support/until.ts';

const project = 'test-project';
const topic = `projects/${project}/topics/releases`;
const deadLetters = `projects/${project}/topics/dead-letters`;
const bucketName = `${project}-slipway`;

let cloud: TestCloud;
let api: GoogleApi;
let bucket: Bucket;
let publisher: v1.PublisherClient;
let subscriptions: v1.SubscriberClient;
let endpoint: Endpoint;
let parked: ParkedMessages;

beforeEach(async () => {
  cloud = await testCloud();
  await cloud.serve([
    createPubSubRoom(cloud.context).room,
    createStorageRoom(cloud.context, { rateLimit: false }).room,
  ]);
  api = createGoogleApi(cloud.context.origin);
  bucket = openBucket(api, bucketName);
  publisher = new v1.PublisherClient(api.clientOptions);
  subscriptions = new v1.SubscriberClient(api.clientOptions);
  endpoint = await pushEndpoint();
  await fetch(`${cloud.context.origin}/storage/v1/b?project=${project}`, {
    method: 'POST',
    body: JSON.stringify({ name: bucketName }),
  });
  await publisher.createTopic({ name: topic });
  await publisher.createTopic({ name: deadLetters });
  await subscriptions.createSubscription({
    name: `projects/${project}/subscriptions/dead-letters`,
    topic: deadLetters,
  });
  await subscriptions.createSubscription({
    name: `projects/${project}/subscriptions/releases-to-rollout`,
    topic,
    pushConfig: { pushEndpoint: endpoint.url },
    deadLetterPolicy: { deadLetterTopic: deadLetters, maxDeliveryAttempts: 5 },
  });
  parked = openParkedMessages(api, bucket, project);
});
afterEach(async () => {
  await parked.close();
  await Promise.all([publisher.close(), subscriptions.close()]);
  await endpoint.close();
  await cloud.close();
});

const waiting = (): ReturnType<typeof countWaiting> => countWaiting(api, bucket, project);
/** A function fails until Pub/Sub gives the message up. */
async function giveUp(text: string, attributes: Record<string, string> = {}): Promise<void> {
  endpoint.answer = () => 500;
  await publisher.publish({ topic, messages: [{ data: Buffer.from(text), attributes }] });
  await until(async () => (await waiting()).deadLetters > 0, 'the message among the dead letters');
}

describe('a dead letter', () => {
  test('goes back to the topic of the subscription that gave it up, as it was', async () => {
    await giveUp('{"service":"api"}', { reason: 'tick' });
    const [letter] = await parked.list();
    expect(letter).toMatchObject({
      where: 'dead letters',
      topic,
      why: 'releases-to-rollout did not take it in 5 deliveries',
      attributes: { reason: 'tick' },
    });
    endpoint.answer = () => 204;
    const before = endpoint.pushes.length;
    if (letter) await parked.putBack(letter);
    await until(() => endpoint.pushes.length > before, 'the push');
    expect(endpoint.pushes.at(-1)).toMatchObject({
      text: '{"service":"api"}',
      message: { attributes: { reason: 'tick' } },
    });
    expect(await waiting()).toEqual({ deadLetters: 0, quarantined: 0 });
  }, 30_000);

  test('that cannot be put back stays where it is, and is there for the next who looks', async () => {
    await giveUp('x');
    const [letter] = await parked.list();
    if (!letter) throw new Error('there is none');
    const gone = { ...letter, topic: `projects/${project}/topics/gone` };
    await expect(parked.putBack(gone)).rejects.toThrow();
    await parked.close();
    parked = openParkedMessages(api, bucket, project);
    await until(async () => (await waiting()).deadLetters === 1, 'the letter again');
  }, 30_000);

  test('whose subscription is no more cannot be put back, but discarded', async () => {
    await publisher.publish({
      topic: deadLetters,
      messages: [
        {
          data: Buffer.from('x'),
          attributes: {
            CloudPubSubDeadLetterSourceSubscription: 'gone',
            CloudPubSubDeadLetterSourceSubscriptionProject: project,
          },
        },
      ],
    });
    const [letter] = await parked.list();
    if (!letter) throw new Error('there is none');
    expect(letter).toMatchObject({ topic: undefined, why: expect.stringContaining('is no more') as unknown });
    await expect(parked.putBack(letter)).rejects.toThrow(/nothing says which topic/);
    await parked.discard(letter);
    await parked.close();
    parked = openParkedMessages(api, bucket, project);
    expect(await waiting()).toEqual({ deadLetters: 0, quarantined: 0 });
  });
});

describe('what a function could not read (trap 7)', () => {
  const fields: unknown[] = [];
  const handle = subscriber(
    {
      bucket: { ...({} as Bucket), write: async (...args) => bucket.write(...args) },
      log: (_, __, given) => void fields.push(given),
      now: () => new Date('2026-03-02T12:00:00.000Z'),
    },
    (message) => decodeJson(message, z.object({ service: z.string() })),
    async () => {
      throw new Error('it was read');
    },
  );
  const event = (id: string, data: unknown) => ({
    specversion: '1.0',
    id,
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: `//pubsub.googleapis.com/${topic}`,
    data,
  });

  test('is put aside with its topic, counted, and goes back there', async () => {
    const message = {
      messageId: '7',
      data: Buffer.from('{"service":7}').toString('base64'),
      attributes: { reason: 'tick' },
    };
    await handle(event('7', { message, subscription: `projects/${project}/subscriptions/s` }));
    expect(fields.at(-1)).toEqual({
      quarantined: 1,
      messageId: '7',
      topic,
      subscription: `projects/${project}/subscriptions/s`,
    });
    expect(await waiting()).toEqual({ deadLetters: 0, quarantined: 1 });
    const [held] = await parked.list();
    expect(held).toMatchObject({
      id: '7',
      where: 'quarantine',
      at: '2026-03-02T12:00:00.000Z',
      topic,
      why: expect.stringContaining('service') as unknown,
    });
    if (held) await parked.putBack(held);
    await until(() => endpoint.pushes.length > 0, 'the push');
    expect(endpoint.pushes[0]).toMatchObject({
      text: '{"service":7}',
      message: { attributes: { reason: 'tick' } },
    });
    expect(await waiting()).toEqual({ deadLetters: 0, quarantined: 0 });
  });

  test.each([
    ['no message', { '@type': 'something else' }],
    ['nothing', undefined],
  ])('and that held %s stays until it is discarded', async (_, data) => {
    await handle(event('8', data));
    const [held] = await parked.list();
    if (!held) throw new Error('there is none');
    expect(held).toMatchObject({ id: '8', topic: undefined });
    await parked.discard(held);
    expect(await waiting()).toEqual({ deadLetters: 0, quarantined: 0 });
  });

  test('and was put aside in a form that cannot be read is listed nevertheless', async () => {
    await bucket.write('quarantine/9.json', 'no json', 'application/json');
    expect(await parked.list()).toMatchObject([
      { id: '9', topic: undefined, why: 'what was put aside cannot be read' },
    ]);
  });
});
