import { AsyncLocalStorage } from 'node:async_hooks';
import diagnostics from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { traceOf, type TraceContext } from 'slipway-telemetry/trace-context.ts';

/**
 * What the request that is being handled says of its trace. A function is handed an event, and the framework keeps the
 * request to itself; Node says of each when it comes: https://nodejs.org/api/diagnostics_channel.html#built-in-channels
 */
export function watchRequestTraces(): () => TraceContext | undefined {
  const current = new AsyncLocalStorage<TraceContext | undefined>();
  diagnostics.subscribe('http.server.request.start', (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    current.enterWith(traceOf(request.headers));
  });
  return () => current.getStore();
}
