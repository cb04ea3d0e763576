import type { IncomingHttpHeaders } from 'node:http';

/** A place in a trace: the span that whatever happens now belongs to. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const emptyTraceId = '0'.repeat(32);
const emptySpanId = '0'.repeat(16);

/** Reads a `traceparent`. What is none counts as absent: https://www.w3.org/TR/trace-context/#traceparent-header */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text ?? '');
  if (!match) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = match;
  // A later version may say more behind the flags, this one may not.
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (traceId === emptyTraceId || spanId === emptySpanId) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** Google's older header, `TRACE_ID/SPAN_ID;o=1` with a decimal span: https://cloud.google.com/trace/docs/trace-context */
export function parseCloudTrace(text: string | undefined): TraceContext | undefined {
  const match = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=(\d))?$/i.exec(text ?? '');
  if (!match) return undefined;
  const [, traceId = '', decimal = '', sampled] = match;
  const span = BigInt(decimal);
  if (span === 0n || span > 0xffff_ffff_ffff_ffffn || traceId === emptyTraceId) return undefined;
  return {
    traceId: traceId.toLowerCase(),
    spanId: span.toString(16).padStart(16, '0'),
    sampled: sampled === '1',
  };
}

/** What a request says of the trace that it belongs to. */
export function traceOf(headers: IncomingHttpHeaders): TraceContext | undefined {
  const { traceparent, 'x-cloud-trace-context': cloudTrace } = headers;
  return (
    parseTraceparent(typeof traceparent === 'string' ? traceparent : undefined) ??
    parseCloudTrace(typeof cloudTrace === 'string' ? cloudTrace : undefined)
  );
}
