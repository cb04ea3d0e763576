import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pubsubCloud, subscription, topic, type PubSubCloud } from './pubsub-cloud.ts';

const other = 'projects/test-project/topics/other';
let cloud: PubSubCloud;

beforeEach(async () => {
  cloud = await pubsubCloud();
});
afterEach(() => cloud.close());

const publish = async (...data: string[]): Promise<string[]> => {
  const [{ messageIds }] = await cloud.publisher.publish({
    topic,
    messages: data.map((text) => ({ data: Buffer.from(text) })),
  });
  return messageIds ?? [];
};
const pull = async (maxMessages = 10): Promise<{ ackId: string; text: string }[]> => {
  const [{ receivedMessages }] = await cloud.subscriber.pull({
    subscription,
    maxMessages,
    returnImmediately: true,
  });
  return (receivedMessages ?? []).map(({ ackId, message }) => ({
    ackId: ackId ?? '',
    text: Buffer.from(message?.data ?? '').toString('utf8'),
  }));
};

describe('topics', () => {
  test('are created, read, listed, changed and deleted', async () => {
    await cloud.publisher.createTopic({ name: topic, labels: { team: 'a' } });
    await cloud.publisher.createTopic({ name: other });
    await expect(cloud.publisher.createTopic({ name: topic })).rejects.toMatchObject({ code: 6 });
    const [topics] = await cloud.publisher.listTopics({ project: 'projects/test-project' });
    expect(topics.map(({ name }) => name)).toEqual([topic, other]);
    await cloud.publisher.updateTopic({
      topic: { name: topic, labels: { team: 'b' } },
      updateMask: { paths: ['labels'] },
    });
    const [read] = await cloud.publisher.getTopic({ topic });
    expect(read.labels).toEqual({ team: 'b' });
    await cloud.publisher.deleteTopic({ topic });
    await expect(cloud.publisher.getTopic({ topic })).rejects.toMatchObject({ code: 5 });
  });

  test('lists come in pages', async () => {
    const names = ['aaa', 'bbb', 'ccc', 'ddd', 'eee'].map((id) => `projects/test-project/topics/${id}`);
    for (const name of names) await cloud.publisher.createTopic({ name });
    const [topics] = await cloud.publisher.listTopics({ project: 'projects/test-project', pageSize: 2 });
    expect(topics.map(({ name }) => name)).toEqual(names);
    const streamed: (string | null | undefined)[] = [];
    for await (const { name } of cloud.publisher.listTopicsAsync({
      project: 'projects/test-project',
      pageSize: 2,
    }))
      streamed.push(name);
    expect(streamed).toEqual(names);
  });

  test.each([
    [{ name: 'projects/test-project/topics/1x' }, 3],
    [{ name: 'projects/test-project/topics/googly' }, 3],
    [{ name: topic, kmsKeyName: 'k' }, 12],
  ])('%j is refused with code %d', async (given, code) => {
    await expect(cloud.publisher.createTopic(given)).rejects.toMatchObject({ code });
  });
});

describe('subscriptions', () => {
  beforeEach(() => cloud.publisher.createTopic({ name: topic }));

  test('are created with defaults, listed, changed and deleted', async () => {
    const [made] = await cloud.subscriber.createSubscription({ name: subscription, topic });
    expect(made).toMatchObject({
      ackDeadlineSeconds: 10,
      state: 'ACTIVE',
      messageRetentionDuration: { seconds: '604800' },
    });
    const [ofTopic] = await cloud.publisher.listTopicSubscriptions({ topic });
    expect(ofTopic).toEqual([subscription]);
    const [changed] = await cloud.subscriber.updateSubscription({
      subscription: {
        name: subscription,
        ackDeadlineSeconds: 60,
        retryPolicy: { minimumBackoff: { seconds: 1 } },
      },
      updateMask: { paths: ['ack_deadline_seconds', 'retry_policy'] },
    });
    expect(changed).toMatchObject({
      ackDeadlineSeconds: 60,
      topic,
      retryPolicy: { minimumBackoff: { seconds: '1' }, maximumBackoff: { seconds: '600' } },
    });
    await cloud.publisher.deleteTopic({ topic });
    const [orphan] = await cloud.subscriber.getSubscription({ subscription });
    expect(orphan.topic).toBe('_deleted-topic_');
    await cloud.subscriber.deleteSubscription({ subscription });
    const [left] = await cloud.subscriber.listSubscriptions({ project: 'projects/test-project' });
    expect(left).toEqual([]);
  });

  test.each([
    [{ name: subscription, topic: other }, 5],
    [{ name: subscription, topic, ackDeadlineSeconds: 5 }, 3],
    [{ name: subscription, topic, filter: 'nonsense' }, 3],
    [{ name: subscription, topic, pushConfig: { pushEndpoint: 'ftp://x' } }, 3],
    [{ name: subscription, topic, deadLetterPolicy: { deadLetterTopic: other } }, 5],
    [{ name: subscription, topic, deadLetterPolicy: { deadLetterTopic: topic, maxDeliveryAttempts: 3 } }, 3],
    [
      {
        name: subscription,
        topic,
        retryPolicy: { minimumBackoff: { seconds: 9 }, maximumBackoff: { seconds: 1 } },
      },
      3,
    ],
    [{ name: subscription, topic, enableExactlyOnceDelivery: true }, 12],
    [
      {
        name: subscription,
        topic,
        pushConfig: { pushEndpoint: 'http://127.0.0.1:1', noWrapper: { writeMetadata: true } },
      },
      12,
    ],
  ])('%j is refused with code %d', async (given, code) => {
    await expect(cloud.subscriber.createSubscription(given)).rejects.toMatchObject({ code });
  });

  test('what cannot change is refused by name, and so is what is not there', async () => {
    await cloud.subscriber.createSubscription({ name: subscription, topic });
    await expect(
      cloud.subscriber.updateSubscription({
        subscription: { name: subscription, filter: 'attributes:a' },
        updateMask: { paths: ['filter'] },
      }),
    ).rejects.toMatchObject({ code: 3, message: expect.stringContaining('filter') as unknown });
    await expect(cloud.subscriber.seek({ subscription, time: { seconds: 1 } })).rejects.toMatchObject({
      code: 12,
      message: expect.stringContaining('Subscriber.Seek') as unknown,
    });
  });
});

describe('pulling', () => {
  beforeEach(async () => {
    await cloud.publisher.createTopic({ name: topic });
    await cloud.subscriber.createSubscription({ name: subscription, topic });
  });

  test('hands out messages in the order of publishing, keeps them until acknowledged', async () => {
    const ids = await publish('one', 'two', 'three');
    expect(new Set(ids).size).toBe(3);
    const received = await pull(2);
    expect(received.map(({ text }) => text)).toEqual(['one', 'two']);
    expect((await pull()).map(({ text }) => text)).toEqual(['three']);
    expect(await pull()).toEqual([]);
    await cloud.subscriber.modifyAckDeadline({
      subscription,
      ackIds: received.map(({ ackId }) => ackId),
      ackDeadlineSeconds: 60,
    });
    await cloud.subscriber.acknowledge({ subscription, ackIds: received.map(({ ackId }) => ackId) });
    // Acknowledged messages leave the disk.
    expect(readdirSync(path.join(cloud.stateFolder, 'pubsub', 'deliveries'))).toHaveLength(1);
  });

  test('a long poll ends when a message comes', async () => {
    const polled = cloud.subscriber.pull({ subscription, maxMessages: 1 });
    await publish('late');
    const [{ receivedMessages }] = await polled;
    expect(receivedMessages).toHaveLength(1);
  });

  test('an ack id that no pull gave out is refused', async () => {
    await expect(cloud.subscriber.acknowledge({ subscription, ackIds: ['nonsense'] })).rejects.toMatchObject({
      code: 3,
    });
  });

  test('a filter decides by attributes; what does not pass is never kept', async () => {
    const failures = 'projects/test-project/subscriptions/failures';
    await cloud.subscriber.createSubscription({
      name: failures,
      topic,
      filter: 'attributes.status = "FAILURE"',
    });
    await cloud.publisher.publish({
      topic,
      messages: [{ attributes: { status: 'SUCCESS' } }, { attributes: { status: 'FAILURE' } }],
    });
    const [{ receivedMessages }] = await cloud.subscriber.pull({
      subscription: failures,
      maxMessages: 10,
      returnImmediately: true,
    });
    expect(receivedMessages?.map(({ message }) => message?.attributes)).toEqual([{ status: 'FAILURE' }]);
  });
});

test.each([
  [[], /message_count/],
  [[{}], /empty/],
  [[{ data: Buffer.from('x'), attributes: { googKey: '1' } }], /goog/],
  [[{ data: Buffer.from('x'), attributes: { long: 'v'.repeat(1025) } }], /1024/],
  [[{ data: Buffer.alloc(10_000_001) }], /bytes/],
])('publishing %# is refused', async (messages, message) => {
  await cloud.publisher.createTopic({ name: topic });
  await expect(cloud.publisher.publish({ topic, messages })).rejects.toMatchObject({
    code: 3,
    message: expect.stringMatching(message) as unknown,
  });
});

test('the link drops a message to a topic that does not exist, and one without subscriptions vanishes', async () => {
  cloud.link.publish(topic, { data: Buffer.from('nowhere') });
  await cloud.publisher.createTopic({ name: topic });
  cloud.link.publish(topic, { data: Buffer.from('unheard') });
  await cloud.subscriber.createSubscription({ name: subscription, topic });
  cloud.link.publish(topic, { data: Buffer.from('heard'), attributes: { a: '1' } });
  expect((await pull()).map(({ text }) => text)).toEqual(['heard']);
});
