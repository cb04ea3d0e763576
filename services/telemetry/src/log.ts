import type { TraceContext } from './trace-context.ts';

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL';
export type LogFields = Readonly<Record<string, unknown>>;
export type Log = (severity: Severity, message: string, fields?: LogFields) => void;

/**
 * One line of JSON, in the form that Cloud Logging reads: https://cloud.google.com/logging/docs/structured-logging
 * `project` is not known at first; a trace id alone says enough to search for.
 */
export function logLine(
  severity: Severity,
  message: string,
  time: Date,
  fields: LogFields | undefined,
  trace: TraceContext | undefined,
  project: string | undefined,
): string {
  const entry = {
    severity,
    message,
    time: time.toISOString(),
    ...(trace && {
      'logging.googleapis.com/trace':
        project === undefined ? trace.traceId : `projects/${project}/traces/${trace.traceId}`,
      'logging.googleapis.com/spanId': trace.spanId,
      'logging.googleapis.com/trace_sampled': trace.sampled,
    }),
    ...fields,
  };
  return `${JSON.stringify(entry)}\n`;
}
