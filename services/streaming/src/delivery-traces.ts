import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import { parseTraceparent } from 'slipway-telemetry/trace-context.ts';
import type { TraceContext } from 'slipway-telemetry/trace-context.ts';

/** Joins what the api announced of a message, its trace, with its delivery. Either may come first. */
export interface DeliveryTraces {
  /** A notification: `<id>`, or `<id> <traceparent>`. */
  readonly announced: (payload: string | undefined) => void;
  /** A message has gone out to `clients`. Times in milliseconds since the epoch. */
  readonly delivered: (id: number, delivery: Delivery) => void;
}

export interface Delivery {
  readonly clients: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What waits for its other half. A hint can be lost, and a message can have been posted without a trace. */
const maxWaiting = 1000;

export function createDeliveryTraces(telemetry: Pick<Telemetry, 'tracing' | 'startSpan'>): DeliveryTraces {
  const traces = new Map<number, TraceContext>();
  const deliveries = new Map<number, Delivery>();

  function tell(id: number): void {
    const parent = traces.get(id);
    const delivery = deliveries.get(id);
    if (!parent || !delivery) return;
    traces.delete(id);
    deliveries.delete(id);
    const { clients, startMs, endMs } = delivery;
    // https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
    telemetry
      .startSpan({
        name: 'deliver messages',
        kind: 'consumer',
        parent,
        startMs,
        attributes: {
          'messaging.system': 'postgresql',
          'messaging.destination.name': 'messages',
          'messaging.operation.type': 'process',
          'messaging.message.id': String(id),
          'board.clients': clients,
        },
      })
      ?.end({ endMs });
  }

  return {
    announced(payload = '') {
      if (!telemetry.tracing()) return;
      const [id = '', traceparent] = payload.split(' ', 2);
      const trace = parseTraceparent(traceparent);
      if (!trace || !/^\d+$/.test(id)) return;
      put(traces, Number(id), trace);
      tell(Number(id));
    },
    delivered(id, delivery) {
      if (!telemetry.tracing()) return;
      put(deliveries, id, delivery);
      tell(id);
    },
  };
}

/** Sets a value, and forgets the oldest when there are too many. */
function put<T>(map: Map<number, T>, id: number, value: T): void {
  map.set(id, value);
  const [oldest] = map.size > maxWaiting ? map.keys() : [];
  if (oldest !== undefined) map.delete(oldest);
}
