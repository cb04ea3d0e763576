import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Faults } from '../../../local/pubsub/fault-plan.ts';
import type { Subscription } from '../../../local/pubsub/resources.ts';
import { retryDelayMs } from '../../../local/pubsub/retry-delay.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';
import { until } from '../../support/until.ts';
import {
  pubsubCloud,
  pushEndpoint,
  subscription,
  texts,
  topic,
  type Endpoint,
  type PubSubCloud,
} from './pubsub-cloud.ts';

const deadLetters = 'projects/test-project/topics/dead-letters';
const graveyard = 'projects/test-project/subscriptions/graveyard';

// Real sockets and processes, on a machine that may be busy.
jest.setTimeout(30_000);

let clock: ManualClock;
let endpoint: Endpoint;
let cloud: PubSubCloud;

beforeEach(async () => {
  clock = manualClock();
  endpoint = await pushEndpoint();
});
afterEach(async () => {
  await cloud.close();
  await endpoint.close();
});

type Settings = Omit<Partial<Subscription>, 'pushConfig'> & {
  oidcToken?: { serviceAccountEmail: string; audience?: string };
};

/** The REST form, so that a test reads as what is sent. */
async function put(path: string, body: object): Promise<void> {
  const response = await fetch(`${cloud.context.origin}/v1/${path}`, {
    method: 'PUT',
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

async function start({ oidcToken, ...settings }: Settings = {}, faults?: Faults): Promise<void> {
  cloud = await pubsubCloud({ clock, ...(faults ? { faults } : {}) });
  await put(topic, {});
  await put(deadLetters, {});
  await put(graveyard, { topic: deadLetters });
  await put(subscription, {
    topic,
    ...settings,
    pushConfig: { pushEndpoint: endpoint.url, ...(oidcToken ? { oidcToken } : {}) },
  });
}

const publish = (...data: string[]): void => {
  for (const text of data) cloud.link.publish(topic, { data: Buffer.from(text) });
};
const pushed = (count: number): Promise<void> =>
  until(() => endpoint.pushes.length >= count, `${count} pushes; there were ${texts(endpoint).join(', ')}`);
/** So many pushes have failed, and each waits again: a push sets a timer for its deadline, a failure one for its back-off. */
const failed = (count: number): Promise<void> =>
  until(() => clock.timersEver >= 2 * count, `${count} failures; ${clock.timersEver} timers were set`);
/** Every push has been answered and no message is left. */
const done = (): Promise<void> => until(() => clock.timers === 0, `no timers; there are ${clock.timers}`);
const deadLettered = async (): Promise<{ text: string; attributes: unknown }[]> => {
  const [{ receivedMessages }] = await cloud.subscriber.pull({
    subscription: graveyard,
    maxMessages: 100,
    returnImmediately: true,
  });
  return (receivedMessages ?? []).map(({ message }) => ({
    text: Buffer.from(message?.data ?? '').toString('utf8'),
    attributes: message?.attributes,
  }));
};

describe('a push', () => {
  test('is the envelope of Pub/Sub', async () => {
    await start();
    cloud.link.publish(topic, { data: Buffer.from('{"id":1}'), attributes: { status: 'SUCCESS' } });
    await pushed(1);
    const [push] = endpoint.pushes;
    if (!push) throw new Error('there was no push');
    const { message, ...rest } = push;
    expect(rest).toMatchObject({ subscription, text: '{"id":1}' });
    expect(rest).not.toHaveProperty('deliveryAttempt');
    expect(rest.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(rest.headers).not.toHaveProperty('authorization');
    expect(message).toEqual({
      data: Buffer.from('{"id":1}').toString('base64'),
      attributes: { status: 'SUCCESS' },
      messageId: expect.stringMatching(/^\d{19}$/) as unknown,
      message_id: message.messageId,
      publishTime: '2026-03-02T10:00:00.000Z',
      publish_time: '2026-03-02T10:00:00.000Z',
    });
  });

  test.each([
    [{ serviceAccountEmail: 'push@x' }, undefined],
    [{ serviceAccountEmail: 'push@x', audience: 'https://run' }, 'https://run'],
  ])('carries an identity token: %j', async (oidcToken, audience) => {
    await start({ oidcToken });
    publish('a');
    await pushed(1);
    const token = endpoint.pushes[0]?.headers.authorization?.replace('Bearer ', '') ?? '';
    expect(cloud.context.identity.verify(token)).toEqual({ aud: audience ?? endpoint.url, email: 'push@x' });
  });

  test.each([200, 201, 202, 204])('is acknowledged by %d', async (status) => {
    endpoint.answer = () => status;
    await start();
    publish('a');
    await pushed(1);
    await done();
    clock.advance(600_000);
    publish('b');
    await pushed(2);
    expect(texts(endpoint)).toEqual(['a', 'b']);
  });

  test.each([301, 400, 404, 429, 500, 503])('is repeated after %d', async (status) => {
    endpoint.answer = () => (endpoint.pushes.length === 1 ? status : 204);
    await start();
    publish('a');
    await failed(1);
    clock.advance(99);
    expect(clock.timers).toBe(1);
    clock.advance(1);
    await pushed(2);
    expect(endpoint.pushes[1]?.message.messageId).toBe(endpoint.pushes[0]?.message.messageId);
  });

  test('that takes longer than the acknowledgement deadline is given up and repeated', async () => {
    endpoint.answer = () => (endpoint.pushes.length === 1 ? undefined : 204);
    await start({ ackDeadlineSeconds: 30 });
    publish('a');
    await pushed(1);
    clock.advance(29_999);
    expect(cloud.logged).toEqual([]);
    clock.advance(1);
    await until(() => cloud.logged.length > 0, 'a warning');
    expect(cloud.logged[0]).toContain('deadline of 30 s');
    clock.advance(100);
    await pushed(2);
  });
});

describe('retries', () => {
  test('follow the policy, doubling from its minimum to its maximum', async () => {
    endpoint.answer = () => 500;
    await start({ retryPolicy: { minimumBackoff: '10s', maximumBackoff: '30s' } });
    publish('a');
    for (const [attempt, waitMs] of [10_000, 20_000, 30_000, 30_000].entries()) {
      await failed(attempt + 1);
      clock.advance(waitMs - 1);
      expect(clock.timers).toBe(1);
      clock.advance(1);
    }
    await failed(5);
    expect(endpoint.pushes).toHaveLength(5);
  });

  test('of an endpoint that is down lose nothing and are not logged one by one', async () => {
    await start();
    const { port } = new URL(endpoint.url);
    await endpoint.close();
    const sent = Array.from({ length: 40 }, (_, index) => `m${index}`);
    publish(...sent);
    for (let round = 0; round < 10; round += 1) {
      await failed(sent.length * (round + 1));
      clock.advance(retryDelayMs(undefined, round + 1));
    }
    await failed(sent.length * 11);
    expect(cloud.logged).toHaveLength(1);
    endpoint = await pushEndpoint(Number(port));
    clock.advance(60_000);
    await pushed(sent.length);
    await until(() => cloud.logged.length === 2, 'the line of recovery');
    expect(texts(endpoint).sort()).toEqual([...sent].sort());
    expect(cloud.logged[1]).toContain('takes pushes again');
  });

  test('one message that fails does not hold up the others', async () => {
    endpoint.answer = ({ text }) => (text === 'poison' ? 500 : 204);
    await start({ retryPolicy: { minimumBackoff: '600s' } });
    publish('poison', 'b', 'c');
    await pushed(3);
    publish('d');
    await pushed(4);
    expect(texts(endpoint).filter((text) => text !== 'poison')).toEqual(['b', 'c', 'd']);
  });
});

test('after its last attempt a message goes to the dead letters, with where it came from', async () => {
  endpoint.answer = () => 500;
  await start({ deadLetterPolicy: { deadLetterTopic: deadLetters, maxDeliveryAttempts: 5 } });
  publish('poison');
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    await (attempt < 5 ? failed(attempt) : done());
    clock.advance(retryDelayMs(undefined, attempt));
  }
  expect(endpoint.pushes.map(({ deliveryAttempt }) => deliveryAttempt)).toEqual([1, 2, 3, 4, 5]);
  expect(await deadLettered()).toEqual([
    {
      text: 'poison',
      attributes: {
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 'build-status',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'test-project',
        CloudPubSubDeadLetterSourceTopicPublishTime: '2026-03-02T10:00:00.000Z',
      },
    },
  ]);
});

test('deliveries under way at once are bounded and grow with success', async () => {
  const answers: (() => void)[] = [];
  endpoint.answer = () =>
    new Promise((resolve) => {
      answers.push(() => {
        resolve(204);
      });
    });
  await start();
  publish(...Array.from({ length: 100 }, (_, index) => String(index)));
  let largest = 0;
  for (let answered = 0; answered < 100;) {
    await until(() => answers.length > 0, 'a push');
    largest = Math.max(largest, endpoint.pushes.length - answered);
    answers.shift()?.();
    answered += 1;
  }
  expect(largest).toBeGreaterThan(3);
  expect(largest).toBeLessThanOrEqual(20);
  expect(new Set(texts(endpoint)).size).toBe(100);
});

test('messages of one ordering key come one after another, also when one of them fails', async () => {
  endpoint.answer = ({ text }) =>
    text === 'a1' && endpoint.pushes.filter((push) => push.text === 'a1').length < 3 ? 500 : 204;
  await start({ enableMessageOrdering: true });
  for (const [orderingKey, ...all] of [
    ['a', 'a1', 'a2', 'a3'],
    ['b', 'b1', 'b2'],
  ] as const) {
    await cloud.publisher.publish({
      topic,
      messages: all.map((text) => ({ data: Buffer.from(text), orderingKey })),
    });
  }
  await until(() => texts(endpoint).includes('b2'), 'the other key');
  for (let attempt = 1; attempt < 3; attempt += 1) {
    await until(() => texts(endpoint).filter((text) => text === 'a1').length === attempt, 'a repetition');
    await until(() => clock.timers === 1 && clock.timersEver === 2 + 2 * attempt, 'the back-off');
    clock.advance(retryDelayMs(undefined, attempt));
  }
  await until(() => texts(endpoint).includes('a3'), 'the end');
  expect(texts(endpoint).filter((text) => text.startsWith('a'))).toEqual(['a1', 'a1', 'a1', 'a2', 'a3']);
  expect(endpoint.pushes[0]?.message.orderingKey).toBeDefined();
});

test('messages older than the retention are dropped, unread ones as well', async () => {
  endpoint.answer = () => 500;
  await start();
  cloud.link.publish(deadLetters, { data: Buffer.from('unread') });
  publish('old');
  await failed(1);
  clock.advance(7 * 86_400_000);
  publish('new');
  cloud.link.publish(deadLetters, { data: Buffer.from('fresh') });
  await until(() => texts(endpoint).includes('new'), 'the new one');
  expect((await deadLettered()).map(({ text }) => text)).toEqual(['fresh']);
});

test('a subscription turned from pull to push delivers what has been waiting', async () => {
  await start();
  await cloud.subscriber.modifyPushConfig({ subscription, pushConfig: {} });
  publish('waiting');
  await cloud.subscriber.modifyPushConfig({ subscription, pushConfig: { pushEndpoint: endpoint.url } });
  await pushed(1);
});

test('a pulled message that is not acknowledged in time comes again, one that is extended does not', async () => {
  await start();
  cloud.link.publish(deadLetters, { data: Buffer.from('a') });
  cloud.link.publish(deadLetters, { data: Buffer.from('b') });
  const [{ receivedMessages }] = await cloud.subscriber.pull({
    subscription: graveyard,
    maxMessages: 2,
    returnImmediately: true,
  });
  await cloud.subscriber.modifyAckDeadline({
    subscription: graveyard,
    ackIds: [receivedMessages?.[1]?.ackId ?? ''],
    ackDeadlineSeconds: 100,
  });
  clock.advance(9_999);
  expect(await deadLettered()).toEqual([]);
  clock.advance(1);
  expect((await deadLettered()).map(({ text }) => text)).toEqual(['a']);
});

describe('faults', () => {
  /** Nothing is under way: every push has a deadline of ten seconds, every message held back less than three. */
  const idle = (): Promise<void> => until(() => clock.dueInMs.every((ms) => ms < 3_000), 'no push under way');
  /** Publishes twelve messages, lets time pass by the millisecond, and returns what arrived, in order. */
  const run = async (faults: Faults): Promise<string[]> => {
    endpoint.pushes.length = 0;
    clock = manualClock();
    await start({}, faults);
    for (let index = 0; index < 12; index += 1) {
      publish(`m${index}`);
      await idle();
    }
    while (clock.timers > 0) {
      clock.advance(1);
      await idle();
    }
    return texts(endpoint);
  };

  test('come the same way from the same seed', async () => {
    const faults: Faults = { seed: 11, duplicate: 0.3, reorder: 0.4, drop: 0.2, delayMs: [0, 1_500] };
    const first = await run(faults);
    await cloud.close();
    expect(await run(faults)).toEqual(first);
    expect(first.length).not.toBe(new Set(first).size);
    expect(new Set(first).size).toBeLessThan(12);
    expect(first).not.toEqual([...first].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
  });

  test.each<[string, Omit<Faults, 'seed'>, string[]]>([
    ['duplicate', { duplicate: 1 }, ['a', 'a', 'b', 'b', 'c', 'c']],
    ['drop', { drop: 1 }, []],
    [
      'dropMatching',
      { dropMatching: (_, { data }) => data === Buffer.from('b').toString('base64') },
      ['a', 'c'],
    ],
  ])('%s', async (_name, faults, expected) => {
    await start({}, { seed: 1, ...faults });
    for (const text of ['a', 'b', 'c']) {
      publish(text);
      await idle();
    }
    expect(texts(endpoint)).toEqual(expected);
  });

  test('an overtaken message comes after a later one, or after a second when there is none', async () => {
    await start();
    await put('../local/pubsub/faults', { seed: 1, reorder: 1 });
    publish('a');
    await put('../local/pubsub/faults', { seed: 1 });
    publish('b');
    await pushed(2);
    await put('../local/pubsub/faults', { seed: 1, reorder: 1 });
    publish('c');
    clock.advance(999);
    expect(clock.dueInMs).toEqual([1]);
    clock.advance(1);
    await pushed(3);
    expect(texts(endpoint)).toEqual(['b', 'a', 'c']);
  });

  test('can be read, changed and ended while the cloud runs', async () => {
    await start();
    const url = `${cloud.context.origin}/local/pubsub/faults`;
    const read = async (): Promise<unknown> => (await fetch(url)).json();
    expect(await read()).toEqual({});
    await put('../local/pubsub/faults', { seed: 3, drop: 1 });
    expect(await read()).toEqual({ seed: 3, drop: 1 });
    publish('lost');
    await fetch(url, { method: 'DELETE' });
    publish('kept');
    await pushed(1);
    expect(texts(endpoint)).toEqual(['kept']);
    const refused = await fetch(url, { method: 'PUT', body: '{"seed":1,"drop":"all"}' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { status: 'INVALID_ARGUMENT', message: expect.stringContaining('drop') as unknown },
    });
  });
});
