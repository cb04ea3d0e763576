import type { LogFields, Severity } from './log.ts';
import type { TraceContext } from './trace-context.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanStart {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'producer' | 'consumer';
  /** Without one it begins a trace. */
  readonly parent: TraceContext | undefined;
  readonly attributes: Attributes;
  /** Milliseconds since the epoch; now without it. */
  readonly startMs?: number;
}

export interface OpenSpan {
  readonly context: TraceContext;
  readonly end: (result: {
    readonly attributes?: Attributes;
    readonly failed?: string;
    readonly endMs?: number;
  }) => void;
}

/** What is counted and measured. Names, units and attributes follow OpenTelemetry's conventions where it has some. */
export const instruments = {
  'http.server.request.duration': { type: 'seconds', unit: 's', description: 'How long requests took' },
  'http.server.active_requests': { type: 'level', unit: '{request}', description: 'Requests under way' },
  'db.client.operation.duration': { type: 'seconds', unit: 's', description: 'How long queries took' },
  'websocket.server.active_connections': { type: 'level', unit: '{connection}', description: 'Open streams' },
  'websocket.server.handshake.duration': {
    type: 'seconds',
    unit: 's',
    description: 'From the request for a stream until it had sent what was missed',
  },
  'websocket.server.messages': { type: 'count', unit: '{message}', description: 'Messages delivered' },
  'faas.invoke_duration': {
    type: 'seconds',
    unit: 's',
    description: 'How long a function took for an event',
  },
} as const;
export type InstrumentName = keyof typeof instruments;

/** Traces, metrics and logs go through here. Loaded only when it is configured. */
export interface Tracing {
  readonly startSpan: (start: SpanStart) => OpenSpan;
  /** Seconds are recorded, counts and levels changed by `value`. */
  readonly measure: (name: InstrumentName, value: number, attributes: Attributes) => void;
  readonly emitLog: (
    severity: Severity,
    message: string,
    fields: LogFields,
    trace: TraceContext | undefined,
  ) => void;
  /** Sends what is left. May reject or never settle: whoever calls it does not wait for long. */
  readonly stop: () => Promise<void>;
}

export interface ErrorReport {
  readonly error: unknown;
  readonly trace: TraceContext | undefined;
  readonly request?: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, unknown>>;
  };
}

export interface Errors {
  readonly report: (report: ErrorReport) => void;
  readonly stop: () => Promise<void>;
}
