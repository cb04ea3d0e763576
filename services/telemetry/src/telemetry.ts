import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { instruments } from './backend.ts';
import type {
  Attributes,
  ErrorReport,
  Errors,
  InstrumentName,
  OpenSpan,
  SpanStart,
  Tracing,
} from './backend.ts';
import { reportCrashes } from './fatal.ts';
import { createLimitedWarning } from './limited-warning.ts';
import { logLine } from './log.ts';
import type { Log } from './log.ts';
import { openMetadata } from './metadata.ts';
import type { Environment } from './metadata.ts';
import type * as OpenTelemetry from './open-telemetry.ts';
import type * as Sentry from './sentry.ts';
import { readSettings } from './settings.ts';
import { formatTraceparent } from './trace-context.ts';
import type { TraceContext } from './trace-context.ts';

/**
 * What a service tells of itself. Everything works at once, and whatever becomes of the backends: what cannot be told
 * is not told, and nothing here throws, rejects or holds up the service.
 */
export interface Telemetry {
  readonly log: Log;
  /** Resolves, and never rejects, once each backend that is asked for is there or given up; absent when none is. */
  readonly starting?: Promise<void>;
  /** Whether spans and metrics are taken at the moment. */
  readonly tracing: () => boolean;
  /** The span that whatever happens now belongs to. */
  readonly current: () => TraceContext | undefined;
  /** The same, as a header has it. */
  readonly traceparent: () => string | undefined;
  /** What `work` does, and waits for, happens in this place of a trace. */
  readonly within: <T>(trace: TraceContext | undefined, work: () => T) => T;
  /** Begins a span; undefined when none are taken. */
  readonly startSpan: (start: SpanStart) => OpenSpan | undefined;
  readonly measure: (name: InstrumentName, value: number, attributes?: Attributes) => void;
  /** Reports an error that somebody has to look at. */
  readonly report: (error: unknown, request?: IncomingMessage) => void;
  /** Sends what is left, within `timeoutMs`, and takes nothing more. */
  readonly stop: (timeoutMs: number) => Promise<void>;
}

export interface TelemetryOptions {
  readonly env: Environment;
  /** What the service is called when the environment does not tell. */
  readonly serviceName: string;
  /** The id of the project, where that is known; on Google Cloud the metadata server is asked otherwise. */
  readonly project?: string;
  readonly write?: (line: string) => void;
  /** For tests: how the backends are loaded. */
  readonly load?: Loaders;
}

export interface Loaders {
  readonly openTelemetry: () => Promise<Pick<typeof OpenTelemetry, 'startOpenTelemetry'>>;
  readonly sentry: () => Promise<Pick<typeof Sentry, 'startSentry'>>;
}

/** Each is a file of its own in a bundle, which nobody reads unless it is needed. */
const loaders: Loaders = {
  openTelemetry: () => import('./open-telemetry.ts'),
  sentry: () => import('./sentry.ts'),
};

const loadTimeoutMs = 20_000;
const maxWaiting = 10;
const late = Symbol('late');

/** Starts to tell what the environment asks for, in the background. */
export function startTelemetry({
  env,
  serviceName,
  project: knownProject,
  write = (line) => void process.stdout.write(line),
  load = loaders,
}: TelemetryOptions): Telemetry {
  const current = new AsyncLocalStorage<TraceContext | undefined>();
  const stopping = new AbortController();
  const cut = new AbortController();
  let project = knownProject;
  let tracing: Tracing | undefined;
  let errors: Errors | undefined;
  /** Reports from before Sentry was there: those of a service that fails to start. */
  const waiting: ErrorReport[] = [];
  let loadingErrors: Promise<void> | undefined;
  /** Levels from before OpenTelemetry was there: who has come by then will leave, too. */
  const early = new Map<InstrumentName, number>();

  const log: Log = (severity, message, fields) => {
    const trace = current.getStore();
    write(logLine(severity, message, new Date(), fields, trace, project));
    if (tracing) guarded(() => tracing?.emitLog(severity, message, fields ?? {}, trace), tracingFailed);
  };
  const warnOfTracing = createLimitedWarning(log, 'telemetry: OpenTelemetry does not work');
  const warnOfErrors = createLimitedWarning(log, 'telemetry: Sentry does not work');

  // A backend that throws once is not asked again: what it got wrong inside, it will get wrong again.
  const tracingFailed = (error: unknown): void => {
    tracing = undefined;
    warnOfTracing(error);
  };
  const errorsFailed = (error: unknown): void => {
    errors = undefined;
    warnOfErrors(error);
  };

  const { otlp, sentry, problems } = readSettings(env, serviceName);
  for (const [warn, found] of [
    [warnOfTracing, problems.otlp],
    [warnOfErrors, problems.sentry],
  ] as const)
    if (found.length > 0) warn(new Error(found.join('; ')));

  const metadata = openMetadata(env, cut.signal);
  if (env['K_SERVICE'] && project === undefined)
    metadata.project().then(
      (id) => (project = id),
      () => {},
    );
  const starts: Promise<void>[] = [];
  if (otlp) {
    const options = {
      settings: otlp,
      metadata,
      onFailure: warnOfTracing,
      stopping: stopping.signal,
      stopped: cut.signal,
    };
    const starting = load.openTelemetry().then(({ startOpenTelemetry }) => startOpenTelemetry(options));
    const taken = take(starting, (started) => {
      tracing = started;
      for (const [name, value] of early) measure(name, value);
      early.clear();
      log('INFO', `telemetry: ${Object.keys(otlp.targets).join(', ')} by OpenTelemetry`);
    }).catch(tracingFailed);
    starts.push(taken);
  }
  if (sentry) {
    const options = { settings: sentry, serviceName, onFailure: warnOfErrors, stopped: cut.signal };
    const starting = load.sentry().then(({ startSentry }) => startSentry(options));
    loadingErrors = take(starting, (started) => {
      errors = started;
      reportCrashes({ report, stop });
      log('INFO', `telemetry: errors to Sentry at ${sentry.dsn.host}`);
      for (const held of waiting.splice(0)) guarded(() => errors?.report(held), errorsFailed);
    })
      .catch(errorsFailed)
      .finally(() => (loadingErrors = undefined));
    starts.push(loadingErrors);
  }

  function measure(name: InstrumentName, value: number, attributes: Attributes = {}): void {
    if (tracing) guarded(() => tracing?.measure(name, value, attributes), tracingFailed);
    else if (otlp && instruments[name].type === 'level') early.set(name, (early.get(name) ?? 0) + value);
  }

  function report(error: unknown, request?: IncomingMessage): void {
    if (!errors && !loadingErrors) return;
    const about = request && {
      method: request.method ?? '',
      url: (request.url ?? '/').split('?', 1)[0] ?? '/',
      headers: request.headers,
    };
    const made = { error, trace: current.getStore(), ...(about ? { request: about } : {}) };
    if (errors) guarded(() => errors?.report(made), errorsFailed);
    else if (waiting.length < maxWaiting) waiting.push(made);
  }

  async function stop(timeoutMs: number): Promise<void> {
    const sent = (async () => {
      if (waiting.length > 0) await loadingErrors;
      stopping.abort();
      await Promise.allSettled([tracing?.stop(), errors?.stop()]);
    })().catch(() => {});
    await Promise.race([sent, delay(timeoutMs, undefined, { ref: false })]);
    stopping.abort();
    tracing = undefined;
    errors = undefined;
    cut.abort();
  }

  /** Waits for a backend, but not for ever. One that comes after that, or after the end, is not taken. */
  async function take<T>(starting: Promise<T>, use: (started: T) => void): Promise<void> {
    const started = await Promise.race([
      starting,
      delay(loadTimeoutMs, late, { ref: false, signal: stopping.signal }).catch(() => late),
    ]);
    if (stopping.signal.aborted) return;
    if (started === late) throw new Error(`it has not started within ${loadTimeoutMs / 1000} s`);
    use(started as T);
  }

  return {
    log,
    ...(starts.length > 0 && { starting: Promise.all(starts).then(() => {}) }),
    tracing: () => tracing !== undefined,
    current: () => current.getStore(),
    traceparent() {
      const trace = current.getStore();
      return trace && formatTraceparent(trace);
    },
    within: (trace, work) => current.run(trace, work),
    startSpan(start) {
      const span = guarded(() => tracing?.startSpan(start), tracingFailed);
      return (
        span && {
          context: span.context,
          end: (result) => void guarded(() => span.end(result), tracingFailed),
        }
      );
    },
    measure,
    report,
    stop,
  };
}

function guarded<T>(work: () => T, failed: (error: unknown) => void): T | undefined {
  try {
    return work();
  } catch (error) {
    failed(error);
    return undefined;
  }
}
