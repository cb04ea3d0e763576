import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PubSubMessage } from '../../../../functions/platform/pubsub-event.ts';
import type { Topics } from '../../../../functions/platform/pubsub.ts';

/** Pub/Sub with the topics `releases` and `ticks`, without subscriptions. */
export interface TopicsSubject {
  readonly topics: Topics;
  /** Hands every message of the topic to `handle`; one for which it throws is brought again. */
  subscribe(topic: string, handle: (message: PubSubMessage) => void): Promise<void>;
  /** Resolves once `condition` holds. */
  until(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

/** What every Topics does, whatever is behind it. */
export function topicsContract(open: () => Promise<TopicsSubject>): void {
  let subject: TopicsSubject;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  /** What a new subscription gets, as far as it takes it. */
  const received = async (
    topic: string,
    take: (message: PubSubMessage, earlier: number) => void = () => undefined,
  ): Promise<PubSubMessage[]> => {
    const messages: PubSubMessage[] = [];
    await subject.subscribe(topic, (message) => {
      messages.push(message);
      take(message, messages.length - 1);
    });
    return messages;
  };

  test('a message comes with its JSON and its attributes, to every subscription of its topic', async () => {
    const [first, second, elsewhere] = [
      await received('releases'),
      await received('releases'),
      await received('ticks'),
    ];
    await subject.topics.publish('releases', { service: 'api', größe: 1 }, { kind: 'moved' });
    await subject.topics.publish('ticks', {});
    await subject.until(() => first.length > 0 && second.length > 0 && elsewhere.length > 0);
    for (const [message] of [first, second]) {
      expect(JSON.parse(message?.text ?? '')).toEqual({ service: 'api', größe: 1 });
      expect(message?.attributes).toEqual({ kind: 'moved' });
      expect(message?.messageId).not.toBe('');
    }
    expect(elsewhere.map(({ text }) => text)).toEqual(['{}']);
  });

  test('a message that is not taken comes again, as the same message (trap 1)', async () => {
    const messages = await received('releases', (_, earlier) => {
      if (earlier === 0) throw new Error('not this time');
    });
    await subject.topics.publish('releases', { service: 'api' });
    await subject.until(() => messages.length === 2);
    expect(messages[1]).toMatchObject({ messageId: messages[0]?.messageId, text: messages[0]?.text });
  });

  test('publishing to a topic that does not exist fails', async () => {
    await expect(subject.topics.publish('absent', {})).rejects.toThrow();
  });
}
