import { setTimeout as delay } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import { applyMigrations } from './apply-migrations.ts';
import { backoffMs } from './backoff.ts';
import { errorCode, isTransient } from './database-error.ts';
import type { Log } from 'slipway-telemetry/log.ts';
import type { Migration } from './migrations.ts';

/** Tries once. False: the database cannot be reached for the moment. Throws when trying again cannot help. */
export async function tryMigrations(
  database: ClientConfig,
  known: readonly Migration[],
  log: Log,
): Promise<boolean> {
  try {
    const applied = await applyMigrations(database, known);
    log(
      'INFO',
      applied.length === 0
        ? 'the schema is up to date'
        : `applied ${applied.map(({ name }) => name).join(', ')}`,
    );
    return true;
  } catch (cause) {
    if (!isTransient(cause)) throw new Error('the database refused the migrations', { cause });
    log('WARNING', `the migrations have to wait: the database cannot be used (${errorCode(cause)})`);
    return false;
  }
}

/** Tries again until the migrations are applied, or `signal` aborts. */
export async function retryMigrations(
  database: ClientConfig,
  known: readonly Migration[],
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    await delay(backoffMs(attempt), undefined, { signal }).catch(() => {});
    if (signal.aborted || (await tryMigrations(database, known, log))) return;
  }
}
