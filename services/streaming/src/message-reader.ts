import { DatabaseError } from 'pg';
import type { ClientBase, Pool } from 'pg';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import { traceQuery } from 'slipway-telemetry/trace-query.ts';
import type { Message } from './message.ts';

interface MessageRow {
  /** Postgres' bigint reaches JavaScript as text. */
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly created_at: Date;
}

const following = 'select id, author, text, created_at from messages where id > $1 order by id limit $2';

/** Reads up to `limit` messages for a client that catches up, as part of its trace. */
export function readMissed(
  pool: Pool,
  telemetry: Telemetry,
  after: number,
  limit: number,
): Promise<readonly Message[]> {
  const query = { summary: 'SELECT messages', sql: following };
  return traceQuery(telemetry, query, () => readMessages(pool, after, limit));
}

/** Reads up to `limit` messages after a cursor, oldest first. */
export async function readMessages(
  database: ClientBase | Pool,
  after: number,
  limit: number,
): Promise<readonly Message[]> {
  const rows = await queryBoard<MessageRow>(database, following, [after, limit]);
  return rows.map((row) => ({
    id: Number(row.id),
    author: row.author,
    text: row.text,
    createdAt: row.created_at.toISOString(),
  }));
}

/** The id of the newest message, 0 when there is none. */
export async function readLastId(database: ClientBase): Promise<number> {
  const [row] = await queryBoard<{ id: string | null }>(database, 'select max(id) as id from messages', []);
  return Number(row?.id ?? 0);
}

/** The api makes the table. Until it has, which is so in a new database only, the board is empty. */
async function queryBoard<T extends object>(
  database: ClientBase | Pool,
  sql: string,
  values: readonly number[],
): Promise<readonly T[]> {
  try {
    return (await database.query<T>(sql, [...values])).rows;
  } catch (error) {
    const undefinedTable = '42P01';
    if (error instanceof DatabaseError && error.code === undefinedTable) return [];
    throw error;
  }
}
