import type { Pool } from 'pg';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import { traceQuery } from 'slipway-telemetry/trace-query.ts';
import type { Message, NewMessage, PageQuery } from './message.ts';

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Whether there are messages after the last one of this page. */
  readonly more: boolean;
}

interface MessageRow {
  /** Postgres' bigint reaches JavaScript as text. */
  readonly id: string;
  readonly author: string;
  readonly text: string;
  readonly created_at: Date;
}

const columns = 'id, author, text, created_at';

/**
 * Inserts writers one after the other, so that ids become visible in their order. Without it, message 8 can be
 * committed before message 7, and a reader whose cursor is already at 8 never sees 7.
 */
const writerLock = 4_600_002;

const insertMessage = `with added as (insert into messages (author, text) values ($1, $2) returning ${columns})
       select ${columns}, pg_notify('messages', concat_ws(' ', id, $3::text)) from added`;

/**
 * Stores a message and announces it on the channel `messages` when, and only when, it is committed: by its id and, where
 * there is a trace, its `traceparent`. Listeners take an announcement for a hint, so that any may know only the id.
 */
export async function addMessage(pool: Pool, telemetry: Telemetry, message: NewMessage): Promise<Message> {
  const client = await pool.connect();
  try {
    const { rows } = await traceQuery(
      telemetry,
      { summary: 'INSERT messages', sql: insertMessage },
      async () => {
        await client.query(`begin; select pg_advisory_xact_lock(${writerLock})`);
        const values = [message.author, message.text, telemetry.traceparent() ?? null];
        const result = await client.query<MessageRow>(insertMessage, values);
        await client.query('commit');
        return result;
      },
    );
    const [row] = rows;
    if (!row) throw new Error('the insert into messages returned no row');
    client.release();
    return toMessage(row);
  } catch (error) {
    // Closing the connection rolls the transaction back, whatever state the connection is in.
    client.release(true);
    throw error;
  }
}

const newest = `select ${columns} from messages order by id desc limit $1`;
const following = `select ${columns} from messages where id > $1 order by id limit $2`;

/** Reads the newest messages, or those after a cursor. */
export async function readPage(
  pool: Pool,
  telemetry: Telemetry,
  { after, limit }: PageQuery,
): Promise<MessagePage> {
  const read = async (sql: string, values: readonly number[]): Promise<readonly MessageRow[]> => {
    const query = { summary: 'SELECT messages', sql };
    return (await traceQuery(telemetry, query, () => pool.query<MessageRow>(sql, [...values]))).rows;
  };
  if (after === undefined) {
    const rows = await read(newest, [limit]);
    return { messages: rows.toReversed().map(toMessage), more: false };
  }
  const rows = await read(following, [after, limit + 1]);
  return { messages: rows.slice(0, limit).map(toMessage), more: rows.length > limit };
}

function toMessage(row: MessageRow): Message {
  return { id: Number(row.id), author: row.author, text: row.text, createdAt: row.created_at.toISOString() };
}
