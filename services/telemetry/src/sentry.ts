import { createStackParser, createTransport, linkedErrorsIntegration, Scope } from '@sentry/core';
import type { ErrorEvent, Event } from '@sentry/core';
import { nodeStackLineParser, ServerRuntimeClient } from '@sentry/core/server';
import type { Errors } from './backend.ts';
import { bundleFolder, openBundleSources } from './bundle-sources.ts';
import { scrub } from './scrub.ts';
import type { SentrySettings } from './settings.ts';
import { withSourceLines } from './source-lines.ts';
import type { SourceOf } from './source-lines.ts';
import { sendThroughFreeze } from './through-freeze.ts';

export interface SentryOptions {
  readonly settings: SentrySettings;
  readonly serviceName: string;
  readonly onFailure: (error: unknown) => void;
  readonly stopped: AbortSignal;
  /** For tests: where the lines of the sources are. */
  readonly sources?: () => Promise<SourceOf>;
}

const requestTimeoutMs = 5000;
/** As long as a service waits for its last reports. */
const flushMs = 2000;

/**
 * Reports errors to Sentry with its core alone: nothing patched, no tracing of its own. An event
 * carries the ids of OpenTelemetry's span, so that both show the same trace.
 */
export function startSentry({
  settings,
  serviceName,
  onFailure,
  stopped,
  sources = openBundleSources(bundleFolder),
}: SentryOptions): Errors {
  const { dsn, release, environment } = settings;
  const client = new ServerRuntimeClient({
    dsn: dsn.text,
    ...(release === undefined ? {} : { release }),
    environment,
    platform: 'node',
    runtime: { name: 'node', version: process.version },
    serverName: serviceName,
    // The causes of an error are errors of the same event.
    integrations: [linkedErrorsIntegration()],
    sendClientReports: false,
    stackParser: createStackParser(nodeStackLineParser()),
    transport: (options) =>
      createTransport(options, async ({ body }) => {
        try {
          const response = await sendThroughFreeze(
            { timeoutMs: requestTimeoutMs, stopped },
            async (signal) => {
              const answer = await fetch(options.url, {
                method: 'POST',
                body: typeof body === 'string' ? body : Uint8Array.from(body),
                headers: { 'content-type': 'application/x-sentry-envelope', ...options.headers },
                signal,
              });
              await answer.arrayBuffer();
              return answer;
            },
          );
          if (response.status >= 400 && response.status !== 429)
            onFailure(new Error(`${dsn.host} answered ${response.status}`));
          return {
            statusCode: response.status,
            headers: {
              'x-sentry-rate-limits': response.headers.get('x-sentry-rate-limits'),
              'retry-after': response.headers.get('retry-after'),
            },
          };
        } catch (error) {
          if (!stopped.aborted) onFailure(error);
          throw error;
        }
      }),
    beforeSend: scrubEvent,
  });
  client.addEventProcessor(async (event) => {
    try {
      return tellSources(event, await sources());
    } catch {
      // An error without its lines is still an error.
      return event;
    }
  });
  client.init();
  return {
    report({ error, trace, request }) {
      const scope = new Scope();
      if (trace) {
        const { traceId, spanId, sampled } = trace;
        scope.setPropagationContext({ traceId, sampled, sampleRand: 0, propagationSpanId: spanId });
        scope.setContext('trace', { trace_id: traceId, span_id: spanId });
      }
      if (request)
        scope.addEventProcessor((event) => ({
          ...event,
          request: { method: request.method, url: request.url, headers: namedHeaders(request.headers) },
        }));
      client.captureException(
        error,
        { originalException: error, mechanism: { type: 'generic', handled: true } },
        scope,
      );
    },
    async stop() {
      await client.close(flushMs);
    },
  };
}

function tellSources(event: Event, sourceOf: SourceOf): Event {
  const values = event.exception?.values?.map(({ stacktrace, ...value }) => ({
    ...value,
    ...(stacktrace && {
      stacktrace: { ...stacktrace, frames: withSourceLines(stacktrace.frames ?? [], sourceOf) },
    }),
  }));
  return values ? { ...event, exception: { ...event.exception, values } } : event;
}

/** What may be told of a request; its body, its query and its cookies never are. */
const toldHeaders = ['content-type', 'content-length', 'user-agent', 'accept', 'traceparent'] as const;

function namedHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    toldHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}

/** The parts of an event that may hold anything. The rest is written by the SDK and by this package. */
export function scrubEvent(event: ErrorEvent): ErrorEvent {
  const { user: _user, exception, ...rest } = event;
  const { message, request, extra, tags, breadcrumbs, logentry } = rest;
  const parts = { message, request, extra, tags, breadcrumbs, logentry };
  const present = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  const errors = exception?.values?.map((each) => scrub(each) as typeof each);
  return {
    ...rest,
    ...(scrub(present) as Partial<ErrorEvent>),
    ...(errors ? { exception: { values: errors } } : {}),
  };
}
