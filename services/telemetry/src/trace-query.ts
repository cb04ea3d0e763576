import type { Telemetry } from './telemetry.ts';

export interface TracedQuery {
  /** What it does to what, in two words: `SELECT messages`. */
  readonly summary: string;
  /** With placeholders: the values are nobody's business. */
  readonly sql: string;
}

/** A query that is traced and timed. `run` happens within its span, so that what it hands on can name it. */
export async function traceQuery<T>(
  telemetry: Telemetry,
  { summary, sql }: TracedQuery,
  run: () => Promise<T>,
): Promise<T> {
  if (!telemetry.tracing()) return run();
  const began = performance.now();
  // https://opentelemetry.io/docs/specs/semconv/database/postgresql/
  const about = { 'db.system.name': 'postgresql', 'db.query.summary': summary };
  const parent = telemetry.current();
  const span = telemetry.startSpan({
    name: summary,
    kind: 'client',
    parent,
    attributes: { ...about, 'db.query.text': sql },
  });
  const end = (failed?: string): void => {
    const result = failed === undefined ? {} : { 'error.type': failed };
    telemetry.measure('db.client.operation.duration', (performance.now() - began) / 1000, {
      ...about,
      ...result,
    });
    span?.end(failed === undefined ? {} : { failed });
  };
  try {
    const value = await telemetry.within(span?.context ?? parent, run);
    end();
    return value;
  } catch (error) {
    end(errorType(error));
    throw error;
  }
}

/** The SQLSTATE, or the system's code, or the kind of error: never its text. */
function errorType(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'error';
}
