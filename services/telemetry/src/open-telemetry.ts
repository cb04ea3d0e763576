import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import {
  ROOT_CONTEXT,
  SeverityNumber,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Context, Meter } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import type { ISerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Sampler } from '@opentelemetry/sdk-trace';
import { instruments } from './backend.ts';
import type { Attributes, InstrumentName, Tracing } from './backend.ts';
import type { Metadata } from './metadata.ts';
import { createOtlpExporter } from './otlp-exporter.ts';
import type { OtlpSettings, OtlpTarget, Sampling } from './otlp-settings.ts';
import type { TraceContext } from './trace-context.ts';

export interface OpenTelemetryOptions {
  readonly settings: OtlpSettings;
  readonly metadata: Metadata;
  readonly onFailure: (error: unknown) => void;
  readonly stopping: AbortSignal;
  readonly stopped: AbortSignal;
}

const scope = 'slipway-telemetry';

/** Bounds of durations in seconds: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/ */
const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** A function may work for minutes. */
const longBounds = [...durationBounds, 30, 60, 120, 300, 600];

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** As those of syslog: https://opentelemetry.io/docs/specs/otel/logs/data-model-appendix/#appendix-b-severitynumber-example-mappings */
const severities = {
  DEBUG: SeverityNumber.DEBUG,
  INFO: SeverityNumber.INFO,
  NOTICE: SeverityNumber.INFO2,
  WARNING: SeverityNumber.WARN,
  ERROR: SeverityNumber.ERROR,
  CRITICAL: SeverityNumber.ERROR2,
} as const;

/** Starts OpenTelemetry's SDK for the targets that are there. Registers nothing globally: there is no one else to ask. */
export async function startOpenTelemetry(options: OpenTelemetryOptions): Promise<Tracing> {
  const { settings, stopping, stopped } = options;
  const { targets, metricIntervalMs, spanDelayMs } = settings;
  const resource = resourceFromAttributes({
    ...(await placeOf(options)),
    'service.instance.id': randomUUID(),
    'telemetry.sdk.language': 'nodejs',
    'telemetry.sdk.name': 'opentelemetry',
    ...settings.attributes,
  });
  const exporterTo = <T>(
    target: OtlpTarget,
    json: ISerializer<T, unknown>,
    protobuf: ISerializer<T, unknown>,
  ) =>
    createOtlpExporter({
      target,
      serializer: target.protocol === 'http/json' ? json : protobuf,
      authorize: () => authorization(options, target),
      stopping,
      stopped,
      onFailure: options.onFailure,
    });

  const tracers = new TracerProvider({
    resource,
    sampler: samplerOf(settings.sampling),
    spanProcessors: targets.traces
      ? [
          new BatchSpanProcessor({
            exporter: exporterTo(targets.traces, JsonTraceSerializer, ProtobufTraceSerializer),
            scheduledDelayMillis: spanDelayMs,
          }),
        ]
      : [],
  });
  const meters = new MeterProvider({
    resource,
    readers: targets.metrics
      ? [
          new PeriodicExportingMetricReader({
            exporter: exporterTo(targets.metrics, JsonMetricsSerializer, ProtobufMetricsSerializer),
            exportIntervalMillis: metricIntervalMs,
            exportTimeoutMillis: Math.min(metricIntervalMs, 30_000),
          }),
        ]
      : [],
  });
  const loggers = targets.logs
    ? new LoggerProvider({
        resource,
        processors: [
          new BatchLogRecordProcessor({
            exporter: exporterTo(targets.logs, JsonLogsSerializer, ProtobufLogsSerializer),
          }),
        ],
      })
    : undefined;
  const tracer = tracers.getTracer(scope);
  const meter = meters.getMeter(scope);
  const logger = loggers?.getLogger(scope);
  const measures = createMeasures(meter);
  const eventLoop = targets.metrics ? watchEventLoop(meter) : undefined;

  return {
    startSpan({ name, kind, parent, attributes, startMs }) {
      const span = tracer.startSpan(
        name,
        {
          kind: kinds[kind],
          attributes: { ...attributes },
          ...(startMs === undefined ? {} : { startTime: startMs }),
        },
        contextOf(parent),
      );
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        context: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
        end({ attributes: found, failed, endMs }) {
          if (found) span.setAttributes({ ...found });
          if (failed !== undefined)
            span.setAttribute('error.type', failed).setStatus({ code: SpanStatusCode.ERROR });
          span.end(endMs);
        },
      };
    },
    measure: (name, value, attributes) => measures[name](value, attributes),
    emitLog(severity, message, fields, context) {
      logger?.emit({
        severityNumber: severities[severity],
        severityText: severity,
        body: message,
        attributes: Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [
            name,
            typeof value === 'object' ? JSON.stringify(value) : String(value),
          ]),
        ),
        context: contextOf(context),
      });
    },
    async stop() {
      eventLoop?.disable();
      await Promise.allSettled([tracers.shutdown(), meters.shutdown(), loggers?.shutdown()]);
    },
  };
}

function contextOf(parent: TraceContext | undefined): Context {
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function samplerOf({ root, followParent }: Sampling): Sampler {
  const sampler =
    root === 'on'
      ? new AlwaysOnSampler()
      : root === 'off'
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(root.ratio);
  return followParent ? new ParentBasedSampler({ root: sampler }) : sampler;
}

function createMeasures(
  meter: Meter,
): Record<InstrumentName, (value: number, attributes: Attributes) => void> {
  const create = (name: InstrumentName) => {
    const { type, unit, description } = instruments[name];
    const options = { unit, description };
    if (type === 'level') {
      const counter = meter.createUpDownCounter(name, options);
      return (value: number, attributes: Attributes) => counter.add(value, { ...attributes });
    }
    if (type === 'count') {
      const counter = meter.createCounter(name, options);
      return (value: number, attributes: Attributes) => counter.add(value, { ...attributes });
    }
    const histogram = meter.createHistogram(name, {
      ...options,
      advice: { explicitBucketBoundaries: name === 'faas.invoke_duration' ? longBounds : durationBounds },
    });
    return (value: number, attributes: Attributes) => histogram.record(value, { ...attributes });
  };
  return {
    'http.server.request.duration': create('http.server.request.duration'),
    'http.server.active_requests': create('http.server.active_requests'),
    'db.client.operation.duration': create('db.client.operation.duration'),
    'websocket.server.active_connections': create('websocket.server.active_connections'),
    'websocket.server.handshake.duration': create('websocket.server.handshake.duration'),
    'websocket.server.messages': create('websocket.server.messages'),
    'faas.invoke_duration': create('faas.invoke_duration'),
  };
}

const resolutionMs = 10;

/** Nanoseconds to seconds. The histogram holds whole intervals, and the interval itself is no delay. */
function late(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000) : 0;
}

/**
 * https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/
 * Each report is about the time since the one before.
 */
function watchEventLoop(meter: Meter): { disable: () => void } {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs });
  delays.enable();
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(`nodejs.eventloop.${name}`, { unit, description });
  const mean = gauge('delay.mean', 's', 'How late timers were, on average');
  const max = gauge('delay.max', 's', 'How late the latest timer was');
  const p50 = gauge('delay.p50', 's', 'How late half of the timers were at most');
  const p90 = gauge('delay.p90', 's', 'How late nine of ten timers were at most');
  const p99 = gauge('delay.p99', 's', 'How late 99 of 100 timers were at most');
  const utilization = gauge('utilization', '1', 'The share of the time in which the event loop was busy');
  let last = performance.eventLoopUtilization();
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(mean, late(delays.mean));
      result.observe(max, late(delays.max));
      result.observe(p50, late(delays.percentile(50)));
      result.observe(p90, late(delays.percentile(90)));
      result.observe(p99, late(delays.percentile(99)));
      delays.reset();
      const now = performance.eventLoopUtilization();
      result.observe(utilization, performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
    [mean, max, p50, p90, p99, utilization],
  );
  return delays;
}

/** On Cloud Run: which project, and where. Cloud Trace takes only what names its project. */
async function placeOf({ settings, metadata }: OpenTelemetryOptions): Promise<Record<string, string>> {
  const { attributes, targets } = settings;
  const google = Object.values(targets).some((target) => target.google);
  if (attributes['cloud.provider'] !== 'gcp' && !google) return {};
  try {
    const [project, region] = await Promise.all([metadata.project(), metadata.region()]);
    return { 'gcp.project_id': project, 'cloud.account.id': project, 'cloud.region': region };
  } catch (error) {
    if (google) throw new Error('the metadata server does not tell the project', { cause: error });
    return {};
  }
}

async function authorization(
  { metadata }: OpenTelemetryOptions,
  { google }: OtlpTarget,
): Promise<Record<string, string>> {
  if (!google) return {};
  const [token, project] = await Promise.all([metadata.accessToken(), metadata.project()]);
  return { authorization: `Bearer ${token}`, 'x-goog-user-project': project };
}
