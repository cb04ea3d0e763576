import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v1 } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import type { Clock } from '../../../local/core/clock.ts';
import type { Publisher } from '../../../local/core/links.ts';
import type { Faults } from '../../../local/pubsub/fault-plan.ts';
import { createPubSubRoom } from '../../../local/pubsub/pubsub-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

export const topic = 'projects/test-project/topics/builds';
export const subscription = 'projects/test-project/subscriptions/build-status';

export interface PubSubCloud extends TestCloud {
  readonly publisher: InstanceType<typeof v1.PublisherClient>;
  readonly subscriber: InstanceType<typeof v1.SubscriberClient>;
  readonly link: Publisher;
}

/** A local cloud with Pub/Sub alone, and Google's own clients for it. */
export async function pubsubCloud(
  options: { clock?: Clock; stateFolder?: string; faults?: Faults } = {},
): Promise<PubSubCloud> {
  const { faults, ...rest } = options;
  const cloud = await testCloud(rest);
  const { room, publisher } = createPubSubRoom(cloud.context, faults ? { faults } : {});
  await cloud.serve([room]);
  const clientOptions = {
    fallback: true as const,
    protocol: 'http',
    apiEndpoint: '127.0.0.1',
    port: Number(new URL(cloud.context.origin).port),
    projectId: 'test-project',
    authClient: new PassThroughClient(),
  };
  return {
    ...cloud,
    publisher: new v1.PublisherClient(clientOptions),
    subscriber: new v1.SubscriberClient(clientOptions),
    link: publisher,
  };
}

export interface Push {
  readonly headers: IncomingHttpHeaders;
  readonly message: {
    data?: string;
    attributes?: Record<string, string>;
    messageId: string;
    message_id: string;
    publishTime: string;
    publish_time: string;
    orderingKey?: string;
  };
  readonly subscription: string;
  readonly deliveryAttempt?: number;
  /** The decoded data. */
  readonly text: string;
}

export interface Endpoint {
  readonly url: string;
  readonly pushes: Push[];
  /** The status to answer; `undefined` leaves the request without an answer. */
  answer: (push: Push) => number | undefined | Promise<number | undefined>;
  close(): Promise<void>;
}

/** A real push endpoint. */
export async function pushEndpoint(port = 0): Promise<Endpoint> {
  const pushes: Push[] = [];
  const endpoint: Endpoint = {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/push`;
    },
    pushes,
    answer: () => 204,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Omit<Push, 'headers' | 'text'>;
      const push: Push = {
        ...body,
        headers: request.headers,
        text: Buffer.from(body.message.data ?? '', 'base64').toString('utf8'),
      };
      pushes.push(push);
      Promise.resolve(endpoint.answer(push)).then(
        (status) => {
          if (status !== undefined) response.writeHead(status).end();
        },
        () => response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return endpoint;
}

export const texts = (endpoint: Endpoint): string[] => endpoint.pushes.map(({ text }) => text);
