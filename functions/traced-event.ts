import type { CloudEvent } from '@google-cloud/functions-framework';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import type { TraceContext } from 'slipway-telemetry/trace-context.ts';
import { aboutEvent, traceOfEvent } from './event-attributes.ts';

export type EventHandler = (event: CloudEvent<unknown>) => Promise<void>;

/** What an event waits for at most, once in the life of a process, so that the first one has its span too. */
const longestStartMs = 1000;

/**
 * Makes functions of handlers: each event is a span that goes on with the trace of its message, or else of its request,
 * and an error is reported before it goes on to Pub/Sub. `beforeFirst` is called once telemetry is there, before the
 * first event; never without telemetry.
 */
export function createEventTracer(
  telemetry: Telemetry,
  traceOfRequest: () => TraceContext | undefined,
  beforeFirst: () => void,
): (name: string, handle: EventHandler) => EventHandler {
  const started =
    telemetry.starting &&
    Promise.race([telemetry.starting, sleep(longestStartMs, undefined, { ref: false })]);
  let isFirst = true;

  return (name, handle) => async (event) => {
    const coldStart = isFirst;
    isFirst = false;
    if (started) {
      await started;
      if (coldStart) beforeFirst();
    }
    const parent = traceOfEvent(event) ?? traceOfRequest();
    const began = performance.now();
    // https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/
    const about = { 'faas.trigger': 'pubsub', 'faas.invoked_name': name };
    const span = telemetry.tracing()
      ? telemetry.startSpan({
          name,
          kind: 'consumer',
          parent,
          attributes: { ...about, 'faas.coldstart': coldStart, ...aboutEvent(event) },
        })
      : undefined;
    const end = (failed?: string): void => {
      telemetry.measure('faas.invoke_duration', (performance.now() - began) / 1000, {
        ...about,
        ...(failed === undefined ? {} : { 'error.type': failed }),
      });
      span?.end(failed === undefined ? {} : { failed });
    };
    await telemetry.within(span?.context ?? parent, async () => {
      try {
        await handle(event);
      } catch (error) {
        telemetry.report(error);
        end(error instanceof Error ? error.name : 'error');
        throw error;
      }
      end();
    });
  };
}
