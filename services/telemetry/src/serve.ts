import type { IncomingMessage, RequestListener } from 'node:http';
import type { Attributes } from './backend.ts';
import type { PendingAnswer } from './revision-metrics.ts';
import type { Telemetry } from './telemetry.ts';
import { traceOf } from './trace-context.ts';

/** The pattern that a path belongs to, `undefined` for one that is none of ours; `untraced` for the platform's probes. */
export type RouteOf = (path: string) => string | 'untraced' | undefined;

/** A handler whose requests are traced and counted, and whose log lines carry the trace that the request came with. */
export function serveTraced(
  telemetry: Telemetry,
  routeOf: RouteOf,
  handler: RequestListener,
): RequestListener {
  return (request, response) => {
    const parent = traceOf(request.headers);
    const route = telemetry.tracing() ? routeOf(pathOf(request)) : 'untraced';
    if (route === 'untraced') {
      if (parent) telemetry.within(parent, () => handler(request, response));
      else handler(request, response);
      return;
    }
    const began = performance.now();
    const about = aboutRequest(request);
    const span = startServerSpan(telemetry, request, route, about);
    telemetry.measure('http.server.active_requests', 1, about);
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : 0;
      const failed = !response.writableFinished
        ? 'connection closed'
        : status >= 500
          ? String(status)
          : undefined;
      const attributes = {
        ...(route === undefined ? {} : { 'http.route': route }),
        ...(status > 0 ? { 'http.response.status_code': status } : {}),
      };
      telemetry.measure('http.server.active_requests', -1, about);
      telemetry.measure('http.server.request.duration', (performance.now() - began) / 1000, {
        ...about,
        ...attributes,
        ...(failed === undefined ? {} : { 'error.type': failed }),
      });
      span?.end({ attributes, ...(failed === undefined ? {} : { failed }) });
    });
    telemetry.within(span?.context ?? parent, () => handler(request, response));
  };
}

/** An answer that is traced: `within` does what belongs to it. */
export interface TracedAnswer extends PendingAnswer {
  readonly within: (work: () => void) => void;
}

/**
 * Traces a request that becomes a stream, and hands on what becomes of it to `answer`. Its span ends when the stream
 * stands, not hours later.
 */
export function traceHandshake(
  telemetry: Telemetry,
  route: string,
  request: IncomingMessage,
  answer: PendingAnswer,
): TracedAnswer {
  const parent = traceOf(request.headers);
  if (!telemetry.tracing()) return { ...answer, within: (work) => telemetry.within(parent, work) };
  const began = performance.now();
  const about = aboutRequest(request);
  const span = startServerSpan(telemetry, request, route, about);
  let open = true;
  return {
    begun: answer.begun,
    within: (work) => telemetry.within(span?.context ?? parent, work),
    ended(outcome) {
      answer.ended(outcome);
      if (!open) return;
      open = false;
      telemetry.measure('websocket.server.handshake.duration', (performance.now() - began) / 1000, {
        'http.route': route,
        ...(outcome === 'error' ? { 'error.type': 'error' } : {}),
      });
      span?.end({ attributes: { 'http.route': route }, ...(outcome === 'error' ? { failed: 'error' } : {}) });
    },
  };
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/';

/** A made-up method must not make a series of its own: https://opentelemetry.io/docs/specs/semconv/http/http-spans/ */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

function aboutRequest({ method = '', headers }: IncomingMessage): Attributes {
  return {
    'http.request.method': methods.has(method) ? method : '_OTHER',
    'url.scheme': headers['x-forwarded-proto'] === 'https' ? 'https' : 'http',
  };
}

/** Neither the query nor the address of who asks is told. */
function startServerSpan(
  telemetry: Telemetry,
  request: IncomingMessage,
  route: string | undefined,
  about: Attributes,
) {
  const method = about['http.request.method'] === '_OTHER' ? 'HTTP' : String(about['http.request.method']);
  return telemetry.startSpan({
    name: route === undefined ? method : `${method} ${route}`,
    kind: 'server',
    parent: traceOf(request.headers),
    attributes: { ...about, 'url.path': pathOf(request) },
  });
}
