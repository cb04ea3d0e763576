import { describe } from '@jest/globals';
import { decodeMessage } from '../../../../functions/platform/pubsub-event.ts';
import { createGoogleApi } from '../../../../functions/platform/google-api.ts';
import { openTopics } from '../../../../functions/platform/pubsub.ts';
import { pubsubCloud, pushEndpoint, type Endpoint } from '../../../local/pubsub/pubsub-cloud.ts';
import { until } from '../../../support/until.ts';
import { topicsContract, type TopicsSubject } from './topics-contract.ts';

const project = 'test-project';

async function open(): Promise<TopicsSubject> {
  const cloud = await pubsubCloud();
  for (const topic of ['releases', 'ticks'])
    await cloud.publisher.createTopic({ name: `projects/${project}/topics/${topic}` });
  const endpoints: Endpoint[] = [];
  return {
    topics: openTopics(createGoogleApi(cloud.context.origin), project),
    async subscribe(topic, handle) {
      const endpoint = await pushEndpoint();
      endpoints.push(endpoint);
      endpoint.answer = (push) => {
        const decoded = decodeMessage({
          ...{ specversion: '1.0', id: push.message.messageId, source: 'test', type: 'test' },
          data: push,
        });
        if (!decoded.ok) throw new Error(decoded.reason);
        try {
          handle(decoded.value);
          return 204;
        } catch {
          return 500;
        }
      };
      await cloud.subscriber.createSubscription({
        name: `projects/${project}/subscriptions/${topic}-${endpoints.length}`,
        topic: `projects/${project}/topics/${topic}`,
        pushConfig: { pushEndpoint: endpoint.url },
      });
    },
    until: (condition) => until(condition, 'the messages have come'),
    async close() {
      for (const endpoint of endpoints) await endpoint.close();
      await cloud.publisher.close();
      await cloud.subscriber.close();
      await cloud.close();
    },
  };
}

describe('the adapter of Pub/Sub, on the local cloud', () => {
  topicsContract(open);
});
