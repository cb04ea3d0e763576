import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { pendingMigrations } from './migrations.ts';
import type { Migration } from './migrations.ts';

/** Holds back a second instance that starts at the same moment. */
const migrationLock = 4_600_001;

/** Applies what is pending, all of it or nothing, on a connection of its own. Returns what was applied. */
export async function applyMigrations(
  database: ClientConfig,
  known: readonly Migration[],
): Promise<readonly Migration[]> {
  const client = new Client({ ...database, lock_timeout: 60_000 });
  // A connection that breaks rejects the query under way as well; that is where it is handled.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(`begin; select pg_advisory_xact_lock(${migrationLock})`);
    await client.query(`create table if not exists schema_migrations (
      version integer primary key,
      name text not null,
      applied_at timestamptz not null default now()
    )`);
    const { rows } = await client.query<{ version: number }>('select version from schema_migrations');
    const pending = pendingMigrations(known, new Set(rows.map(({ version }) => version)));
    for (const { version, name, sql } of pending) {
      await client.query(sql);
      await client.query('insert into schema_migrations (version, name) values ($1, $2)', [version, name]);
    }
    await client.query('commit');
    return pending;
  } finally {
    await client.end().catch(() => {});
  }
}
