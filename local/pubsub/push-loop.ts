import type { CloudContext } from '../core/context.ts';
import type { Delivery, DeliveryQueue } from './delivery-queue.ts';
import type { Poster, PushOutcome } from './post-message.ts';
import { pushEnvelope } from './push-envelope.ts';
import type { Subscription } from './resources.ts';

const firstWindow = 3;
const largestWindow = 20;

export interface PushLoop {
  /** Delivers what is ready, as far as the window allows. */
  pump(): void;
  /** Gives up what is under way; it stays in the queue for the next start. */
  stop(): void;
}

/**
 * Delivers a queue to its push endpoint. The number of deliveries under way starts small, grows with every
 * acknowledgement and halves with every failure. https://cloud.google.com/pubsub/docs/push#push_backoff
 */
export function createPushLoop(
  context: Pick<CloudContext, 'clock' | 'identity' | 'log'>,
  poster: Poster,
  queue: DeliveryQueue,
  subscription: () => Subscription,
): PushLoop {
  let window = firstWindow;
  let failing = false;
  const underWay = new Set<AbortController>();
  let stopped = false;

  /** One line when an endpoint begins to fail and one when it works again, however many messages wait. */
  const report = ({ name }: Subscription, endpoint: string, outcome: PushOutcome): void => {
    if (outcome.acknowledged === !failing) return;
    failing = !outcome.acknowledged;
    if (outcome.acknowledged) context.log('info', `${name}: ${endpoint} takes pushes again`);
    else
      context.log(
        'warning',
        `${name}: a push to ${endpoint} failed (${outcome.reason}); it is retried until it is acknowledged`,
      );
  };

  const deliver = async (delivery: Delivery, settings: Subscription, endpoint: string): Promise<void> => {
    const abort = new AbortController();
    underWay.add(abort);
    const seconds = settings.ackDeadlineSeconds ?? 10;
    const cancelDeadline = context.clock.after(seconds * 1000, () => {
      abort.abort();
    });
    const oidc = settings.pushConfig?.oidcToken;
    const token =
      oidc?.serviceAccountEmail === undefined
        ? undefined
        : context.identity.mint(
            oidc.audience === undefined || oidc.audience === '' ? endpoint : oidc.audience,
            oidc.serviceAccountEmail,
          );
    const answer = await poster.post(
      endpoint,
      JSON.stringify(pushEnvelope(settings, delivery)),
      {
        'content-type': 'application/json',
        'user-agent': 'CloudPubSub-Google',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      abort.signal,
    );
    cancelDeadline();
    underWay.delete(abort);
    if (stopped) return;
    const outcome: PushOutcome = abort.signal.aborted
      ? { acknowledged: false, reason: `no answer within the acknowledgement deadline of ${seconds} s` }
      : answer;
    report(settings, endpoint, outcome);
    if (outcome.acknowledged) {
      window = Math.min(largestWindow, window + 1);
      queue.acknowledge(delivery.id);
    } else {
      window = Math.max(1, Math.floor(window / 2));
      queue.fail(delivery.id);
    }
    pump();
  };

  const pump = (): void => {
    const settings = subscription();
    const endpoint = settings.pushConfig?.pushEndpoint;
    if (endpoint === undefined || endpoint === '') return;
    while (!stopped && underWay.size < window) {
      const delivery = queue.take();
      if (!delivery) return;
      deliver(delivery, settings, endpoint).catch((error: unknown) => {
        context.log('error', `${settings.name}: ${String(error)}`);
      });
    }
  };

  return {
    pump,
    stop() {
      stopped = true;
      for (const abort of underWay) abort.abort();
    },
  };
}
