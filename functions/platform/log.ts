export type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR';

/** One line of structured log. https://cloud.google.com/logging/docs/structured-logging */
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const log: Log = (severity, message, fields = {}) => {
  process.stdout.write(`${JSON.stringify({ severity, message, ...fields })}\n`);
};
