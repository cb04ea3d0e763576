import { ApiError } from '../core/api-error.ts';
import { durationMs } from './durations.ts';
import { compileFilter } from './filter.ts';
import type { Subscription } from './resources.ts';

const day = 86_400_000;
const idPattern = /^(?!goog)[A-Za-z][A-Za-z0-9_.~+%-]{2,254}$/;

/** What Pub/Sub has and the local cloud has not: refused by name rather than kept without effect. */
const unsupported = [
  'bigqueryConfig',
  'cloudStorageConfig',
  'bigtableConfig',
  'enableExactlyOnceDelivery',
  'messageTransforms',
  'detached',
  'kmsKeyName',
  'schemaSettings',
  'ingestionDataSourceSettings',
  'messageStoragePolicy',
  'tags',
] as const;
const unsupportedPush = ['noWrapper'] as const;

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

/** UNIMPLEMENTED for a set field that the local cloud does not carry out; for topics and subscriptions alike. */
export function refuseUnsupported(resource: object): void {
  // Clients send unset fields as '', false, [] or, for maps, {}. An empty message is set all the same.
  const set = (of: object, field: string): boolean => {
    const value: unknown = (of as Record<string, unknown>)[field];
    if (value === undefined || value === false || value === '') return false;
    if (Array.isArray(value)) return value.length > 0;
    return field !== 'tags' || Object.keys(value as object).length > 0;
  };
  const push = (resource as Subscription).pushConfig ?? {};
  const field =
    unsupported.find((name) => set(resource, name)) ?? unsupportedPush.find((name) => set(push, name));
  if (field !== undefined)
    throw new ApiError('UNIMPLEMENTED', `'${field}' of Pub/Sub is not part of the local cloud`);
}

/** INVALID_ARGUMENT when the last part of `name` is no resource id of Pub/Sub. */
export function checkResourceId(name: string): void {
  const id = name.slice(name.lastIndexOf('/') + 1);
  if (!idPattern.test(id)) {
    throw invalid(
      `Invalid resource name '${name}': the id has 3 to 255 letters, digits and -_.~+%, starts with a letter and not with 'goog'`,
    );
  }
}

function checkRange(field: string, text: string, minimumMs: number, maximumMs: number): void {
  const ms = durationMs(text, field);
  if (ms < minimumMs || ms > maximumMs)
    throw invalid(`Invalid ${field}: ${text} is not between ${minimumMs / 1000}s and ${maximumMs / 1000}s`);
}

function checkPushConfig({ pushEndpoint, oidcToken }: NonNullable<Subscription['pushConfig']>): void {
  if (pushEndpoint === undefined || pushEndpoint === '') return;
  // Google takes https only; endpoints of the local cloud are plain http on 127.0.0.1.
  if (!URL.canParse(pushEndpoint) || !/^https?:$/.test(new URL(pushEndpoint).protocol))
    throw invalid(`Invalid push endpoint given (endpoint=${pushEndpoint})`);
  if (oidcToken && !oidcToken.serviceAccountEmail)
    throw invalid('Invalid push_config.oidc_token: service_account_email is required');
}

/**
 * `given` with Pub/Sub's defaults filled in. Throws INVALID_ARGUMENT for what Pub/Sub refuses and UNIMPLEMENTED for
 * what the local cloud does not do. https://cloud.google.com/pubsub/docs/subscription-properties
 */
export function completeSubscription(given: Subscription): Subscription {
  refuseUnsupported(given);
  const { pushConfig = {}, deadLetterPolicy, retryPolicy, filter = '' } = given;
  const ackDeadlineSeconds = given.ackDeadlineSeconds === 0 ? 10 : (given.ackDeadlineSeconds ?? 10);
  if (ackDeadlineSeconds < 10 || ackDeadlineSeconds > 600)
    throw invalid(
      `Invalid ack deadline given (${ackDeadlineSeconds}): it must be between 10 and 600 seconds`,
    );
  const messageRetentionDuration = given.messageRetentionDuration ?? '604800s';
  checkRange('message_retention_duration', messageRetentionDuration, 600_000, 31 * day);
  checkPushConfig(pushConfig);
  compileFilter(filter);
  const backoff = retryPolicy && {
    minimumBackoff: retryPolicy.minimumBackoff ?? '10s',
    maximumBackoff: retryPolicy.maximumBackoff ?? '600s',
  };
  if (backoff) {
    checkRange('retry_policy.minimum_backoff', backoff.minimumBackoff, 0, 600_000);
    checkRange('retry_policy.maximum_backoff', backoff.maximumBackoff, 0, 600_000);
    if (durationMs(backoff.minimumBackoff, '') > durationMs(backoff.maximumBackoff, ''))
      throw invalid('Invalid retry_policy: minimum_backoff is greater than maximum_backoff');
  }
  const deadLetter = deadLetterPolicy?.deadLetterTopic
    ? {
        deadLetterTopic: deadLetterPolicy.deadLetterTopic,
        maxDeliveryAttempts:
          deadLetterPolicy.maxDeliveryAttempts === 0 ? 5 : (deadLetterPolicy.maxDeliveryAttempts ?? 5),
      }
    : undefined;
  if (deadLetter && (deadLetter.maxDeliveryAttempts < 5 || deadLetter.maxDeliveryAttempts > 100))
    throw invalid('Invalid dead_letter_policy: max_delivery_attempts must be between 5 and 100');
  const { name, topic, labels = {}, enableMessageOrdering = false, retainAckedMessages = false } = given;
  return {
    name,
    topic,
    pushConfig,
    ackDeadlineSeconds,
    messageRetentionDuration,
    expirationPolicy: given.expirationPolicy ?? { ttl: '2678400s' },
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
    ...(retainAckedMessages ? { retainAckedMessages } : {}),
    ...(enableMessageOrdering ? { enableMessageOrdering } : {}),
    ...(filter === '' ? {} : { filter }),
    // A dead-letter policy without a topic is none at all.
    ...(deadLetter ? { deadLetterPolicy: deadLetter } : {}),
    ...(backoff ? { retryPolicy: backoff } : {}),
    state: 'ACTIVE',
  };
}
