import { DatabaseError } from 'pg';

/** SQLSTATE classes: connection, transaction rollback, resources, operator intervention, system error. */
const transientClasses = new Set(['08', '40', '53', '57', '58']);
/** lock_not_available; read_only_sql_transaction (a standby, during a failover). */
const transientStates = new Set(['55P03', '25006']);

/**
 * Whether trying the same again later can succeed, for an error that a call of pg threw. What Postgres did not send
 * is trouble with the connection, or a mistake in this program.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return !(error instanceof TypeError || error instanceof RangeError);
  const { code = '' } = error;
  return transientStates.has(code) || transientClasses.has(code.slice(0, 2));
}

/** The code of a database error, the only part of it that may be shown to everybody. */
export function errorCode(error: unknown): string {
  if (error instanceof AggregateError) return errorCode(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return 'no answer';
}
