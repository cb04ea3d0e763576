import type { Received, Receiver } from './receiver.ts';

/** A span, metric point or log record as OTLP's JSON has it, with its attributes as an object. */
export interface ReceivedSpan {
  readonly service: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly failed: boolean;
}

export interface ReceivedPoint {
  readonly service: string;
  readonly metric: string;
  readonly type: 'histogram' | 'sum' | 'gauge';
  readonly value: number | undefined;
  readonly count: number | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ReceivedLog {
  readonly severity: string;
  readonly body: unknown;
  readonly traceId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Json = Readonly<Record<string, unknown>>;
interface Value {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}
type Pairs = readonly { readonly key: string; readonly value: Value }[];

const listOf = <T = Json>(of: Json, name: string): readonly T[] =>
  (of[name] as readonly T[] | undefined) ?? [];

function attributesOf(of: Json): Record<string, unknown> {
  return Object.fromEntries(
    listOf<Pairs[number]>(of, 'attributes').map(({ key, value }) => [
      key,
      value.stringValue ??
        (value.intValue === undefined ? (value.doubleValue ?? value.boolValue) : Number(value.intValue)),
    ]),
  );
}

/** Every record of a signal that has come so far, with what it belongs to: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
function recordsOf(
  received: readonly Received[],
  path: string,
  names: readonly [resources: string, scopes: string, records: string],
): { resource: Record<string, unknown>; record: Json }[] {
  const [resources, scopes, records] = names;
  return received
    .filter((each) => each.path === path)
    .flatMap(({ body }) => listOf(JSON.parse(body.toString()), resources))
    .flatMap((each) => {
      const resource = attributesOf((each['resource'] as Json | undefined) ?? {});
      return listOf(each, scopes)
        .flatMap((scope) => listOf(scope, records))
        .map((record) => ({ resource, record }));
    });
}

export function spansOf({ received }: Pick<Receiver, 'received'>): ReceivedSpan[] {
  return recordsOf(received, '/v1/traces', ['resourceSpans', 'scopeSpans', 'spans']).map(
    ({ resource, record }) => ({
      service: String(resource['service.name']),
      resource,
      name: String(record['name']),
      kind: Number(record['kind']),
      traceId: String(record['traceId']),
      spanId: String(record['spanId']),
      parentSpanId: String(record['parentSpanId'] ?? ''),
      attributes: attributesOf(record),
      failed: (record['status'] as Json | undefined)?.['code'] === 2,
    }),
  );
}

export function pointsOf({ received }: Pick<Receiver, 'received'>): ReceivedPoint[] {
  const metrics = recordsOf(received, '/v1/metrics', ['resourceMetrics', 'scopeMetrics', 'metrics']);
  return metrics.flatMap(({ resource, record }) =>
    (['histogram', 'sum', 'gauge'] as const).flatMap((type) =>
      listOf((record[type] as Json | undefined) ?? {}, 'dataPoints').map((point) => {
        const value = point['asDouble'] ?? point['asInt'];
        return {
          service: String(resource['service.name']),
          metric: String(record['name']),
          type,
          value: value === undefined ? undefined : Number(value),
          count: point['count'] === undefined ? undefined : Number(point['count']),
          attributes: attributesOf(point),
        };
      }),
    ),
  );
}

export function logsOf({ received }: Pick<Receiver, 'received'>): ReceivedLog[] {
  return recordsOf(received, '/v1/logs', ['resourceLogs', 'scopeLogs', 'logRecords']).map(({ record }) => ({
    severity: String(record['severityText']),
    body: (record['body'] as Value | undefined)?.stringValue,
    traceId: record['traceId'] === undefined ? undefined : String(record['traceId']),
    attributes: attributesOf(record),
  }));
}

/** What makes a process send at once, and readably. */
export function otlpEnv({ origin }: Pick<Receiver, 'origin'>): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: origin,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
  };
}
