import type { Topics } from './pubsub.ts';

/** Messages that say where they were sent from: what they lead to belongs to the same trace. */
export const tracedTopics = (
  topics: Topics,
  attribute: string,
  traceparent: () => string | undefined,
): Topics => ({
  publish(topic, payload, attributes = {}) {
    const here = traceparent();
    return topics.publish(
      topic,
      payload,
      here === undefined ? attributes : { ...attributes, [attribute]: here },
    );
  },
});
