export type Severity = 'INFO' | 'WARNING' | 'ERROR';
export type Log = (severity: Severity, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Writes one line of JSON, in the form that Cloud Logging reads: https://cloud.google.com/logging/docs/structured-logging */
export const log: Log = (severity, message, fields) => {
  process.stdout.write(
    `${JSON.stringify({ severity, message, time: new Date().toISOString(), ...fields })}\n`,
  );
};
