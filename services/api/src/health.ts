import type { Pool } from 'pg';
import { errorCode } from './database-error.ts';
import { within } from './within.ts';

export type Health =
  | { readonly status: 'ok'; readonly schemaVersion: number }
  | { readonly status: 'unavailable'; readonly reason: string };

/** Asks the database, through the pool that serves the requests, which schema it has. Never throws. */
export async function checkHealth(pool: Pool, timeoutMs: number): Promise<Health> {
  const late: Health = {
    status: 'unavailable',
    reason: `the database did not answer within ${timeoutMs} ms`,
  };
  return within(timeoutMs, readSchemaVersion(pool), late);
}

async function readSchemaVersion(pool: Pool): Promise<Health> {
  try {
    const { rows } = await pool.query<{ version: number | null }>(
      'select max(version) as version from schema_migrations',
    );
    return { status: 'ok', schemaVersion: rows[0]?.version ?? 0 };
  } catch (error) {
    return { status: 'unavailable', reason: `the database cannot be used (${errorCode(error)})` };
  }
}
