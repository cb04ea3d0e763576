import { v1 } from '@google-cloud/pubsub';
import { topics } from '../../functions/release/naming.ts';
import { ensure, unlessExists } from './ensure.ts';
import type { FunctionName, FunctionUrls } from './functions.ts';
import type { SetupTarget } from './target.ts';

/** Which function listens to which topic. */
export const subscriptions: readonly { readonly topic: string; readonly target: FunctionName }[] = [
  { topic: topics.builds, target: 'buildStatus' },
  { topic: topics.ticks, target: 'buildStatus' },
  { topic: topics.builds, target: 'concurrency' },
  { topic: topics.ticks, target: 'concurrency' },
  { topic: topics.runEvents, target: 'verification' },
  { topic: topics.releases, target: 'verification' },
  { topic: topics.releases, target: 'rollout' },
  { topic: topics.releases, target: 'releaseStatus' },
  { topic: topics.alerts, target: 'alerts' },
  { topic: topics.ticks, target: 'tick' },
];

const day = 24 * 3600;
/**
 * A tick says no more than that a minute has passed: one that nobody could take is worthless once the next has come. Ten
 * minutes is the least that Pub/Sub allows. https://cloud.google.com/pubsub/docs/subscription-properties
 */
const retentionSeconds = (topic: string): number => (topic === topics.ticks ? 600 : 7 * day);
const seconds = (value: number): { seconds: number } => ({ seconds: value });

export async function setUpTopics({ api, pipeline, note }: SetupTarget): Promise<void> {
  const publisher = new v1.PublisherClient(api.clientOptions);
  const subscriber = new v1.SubscriberClient(api.clientOptions);
  try {
    await Promise.all(
      Object.values(topics).map(async (topic) => {
        const name = `projects/${pipeline.project}/topics/${topic}`;
        if (await unlessExists(() => publisher.createTopic({ name }))) note(`created topic ${topic}`);
      }),
    );
    // A dead-letter topic without a subscription keeps nothing.
    await unlessExists(() =>
      subscriber.createSubscription({
        name: `projects/${pipeline.project}/subscriptions/${topics.deadLetters}`,
        topic: `projects/${pipeline.project}/topics/${topics.deadLetters}`,
        messageRetentionDuration: seconds(7 * day),
        expirationPolicy: {},
      }),
    );
  } finally {
    await Promise.all([publisher.close(), subscriber.close()]);
  }
}

/** Cloud Run's events on their way to the verification: revisions that become ready, or fail to. */
export async function setUpSink({ api, pipeline, note }: SetupTarget): Promise<void> {
  const filter = [
    'resource.type="cloud_run_revision"',
    'log_id("cloudaudit.googleapis.com/system_event")',
    'protoPayload.response.kind="Revision"',
  ].join(' AND ');
  const created = await ensure(api, {
    what: 'the log sink',
    service: 'logging',
    path: `/v2/projects/${pipeline.project}/sinks/slipway-run-events`,
    create: {
      path: `/v2/projects/${pipeline.project}/sinks`,
      query: { uniqueWriterIdentity: 'true' },
      json: {
        name: 'slipway-run-events',
        destination: `pubsub.googleapis.com/projects/${pipeline.project}/topics/${topics.runEvents}`,
        filter,
      },
    },
  });
  if (created) note('created the log sink slipway-run-events');
}

/** Our own push subscriptions, with retries and a dead-letter topic: those that event triggers bring along drop events. */
export async function setUpSubscriptions(
  { api, pipeline, note }: SetupTarget,
  urls: FunctionUrls,
): Promise<void> {
  const subscriber = new v1.SubscriberClient(api.clientOptions);
  const { project } = pipeline;
  try {
    await Promise.all(
      subscriptions.map(async ({ topic, target }) => {
        const name = `projects/${project}/subscriptions/${topic}-to-${target}`;
        const pushConfig = {
          // The Functions Framework reads the topic's name out of the path.
          pushEndpoint: `${urls[target]}/projects/${project}/topics/${topic}`,
          oidcToken: {
            serviceAccountEmail: `slipway-push@${project}.iam.gserviceaccount.com`,
            audience: urls[target],
          },
        };
        const created = await unlessExists(() =>
          subscriber.createSubscription({
            name,
            topic: `projects/${project}/topics/${topic}`,
            pushConfig,
            // The longest that Pub/Sub allows: a verification may take minutes.
            ackDeadlineSeconds: 600,
            messageRetentionDuration: seconds(retentionSeconds(topic)),
            retryPolicy: { minimumBackoff: seconds(1), maximumBackoff: seconds(600) },
            deadLetterPolicy: {
              deadLetterTopic: `projects/${project}/topics/${topics.deadLetters}`,
              maxDeliveryAttempts: 20,
            },
            expirationPolicy: {},
          }),
        );
        if (created) note(`created subscription ${topic} → ${target}`);
        else
          await subscriber.updateSubscription({
            subscription: {
              name,
              pushConfig,
              messageRetentionDuration: seconds(retentionSeconds(topic)),
            },
            updateMask: { paths: ['push_config', 'message_retention_duration'] },
          });
      }),
    );
  } finally {
    await subscriber.close();
  }
}

/** A tick every minute, so that a lost message costs a minute. */
export async function setUpTick({ api, pipeline, note }: SetupTarget): Promise<void> {
  const parent = `/v1/projects/${pipeline.project}/locations/${pipeline.region}/jobs`;
  const name = `${parent.slice('/v1/'.length)}/slipway-tick`;
  const created = await ensure(api, {
    what: 'the scheduler job',
    service: 'cloudscheduler',
    path: `${parent}/slipway-tick`,
    create: {
      path: parent,
      json: {
        name,
        schedule: '* * * * *',
        timeZone: 'Etc/UTC',
        pubsubTarget: {
          topicName: `projects/${pipeline.project}/topics/${topics.ticks}`,
          // Not empty: the Functions Framework hands on no message without data.
          data: Buffer.from(JSON.stringify({ tick: 'slipway-tick' })).toString('base64'),
        },
      },
    },
  });
  if (created) note('created the scheduler job slipway-tick');
}
