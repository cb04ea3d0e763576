/** CRITICAL: somebody has to look now. https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL';

/** One line of structured log. https://cloud.google.com/logging/docs/structured-logging */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;
