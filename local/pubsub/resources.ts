/** The resources of google.pubsub.v1 as canonical proto3 JSON, as far as the local cloud carries them out. */

export interface Topic {
  name: string;
  labels?: Record<string, string>;
  /** Kept for Seek, which the local cloud has not got: without effect here. */
  messageRetentionDuration?: string;
}

export interface PushConfig {
  pushEndpoint?: string;
  attributes?: Record<string, string>;
  oidcToken?: { serviceAccountEmail?: string; audience?: string };
}

export interface RetryPolicy {
  minimumBackoff?: string;
  maximumBackoff?: string;
}

export interface Subscription {
  name: string;
  topic: string;
  pushConfig?: PushConfig;
  ackDeadlineSeconds?: number;
  /** Kept for Seek, which the local cloud has not got: without effect here. */
  retainAckedMessages?: boolean;
  messageRetentionDuration?: string;
  labels?: Record<string, string>;
  enableMessageOrdering?: boolean;
  expirationPolicy?: { ttl?: string };
  filter?: string;
  deadLetterPolicy?: { deadLetterTopic?: string; maxDeliveryAttempts?: number };
  retryPolicy?: RetryPolicy;
  state?: 'ACTIVE';
}

export interface PubsubMessage {
  /** Base64; absent when empty. */
  data?: string;
  attributes?: Record<string, string>;
  messageId: string;
  /** RFC 3339. */
  publishTime: string;
  orderingKey?: string;
}

/** What a subscription's topic is called once the topic has been deleted. */
export const deletedTopic = '_deleted-topic_';
