import { describe, expect, test } from '@jest/globals';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import { openTopics } from '../../../functions/platform/pubsub.ts';
import { pubsubCloud } from '../../local/pubsub/pubsub-cloud.ts';
import { firstOnly, setFaults } from '../../support/api-faults.ts';

describe('Pub/Sub', () => {
  test.each(['refuse-429', 'refuse-503', 'error-after-effect', 'timeout-after-effect'])(
    'a message is published at least once after %s',
    async (fault) => {
      const cloud = await pubsubCloud();
      try {
        await cloud.publisher.createTopic({ name: 'projects/test-project/topics/releases' });
        const name = 'projects/test-project/subscriptions/all';
        await cloud.subscriber.createSubscription({ name, topic: 'projects/test-project/topics/releases' });
        await setFaults(cloud.context.origin, ...firstOnly({ pathPattern: ':publish$' }, fault));
        await openTopics(createGoogleApi(cloud.context.origin), 'test-project').publish('releases', { a: 1 });
        const [pulled] = await cloud.subscriber.pull({ subscription: name, maxMessages: 10 });
        const texts = (pulled.receivedMessages ?? []).map(({ message }) => String(message?.data));
        expect(texts).toEqual(fault.endsWith('effect') ? ['{"a":1}', '{"a":1}'] : ['{"a":1}']);
      } finally {
        await cloud.publisher.close();
        await cloud.subscriber.close();
        await cloud.close();
      }
    },
  );
});
