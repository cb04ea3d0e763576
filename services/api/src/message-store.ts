import type { Pool } from 'pg';
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

/** Stores a message and announces its id on the channel `messages` when, and only when, it is committed. */
export async function addMessage(pool: Pool, message: NewMessage): Promise<Message> {
  const client = await pool.connect();
  try {
    await client.query(`begin; select pg_advisory_xact_lock(${writerLock})`);
    const { rows } = await client.query<MessageRow>(
      `with added as (insert into messages (author, text) values ($1, $2) returning ${columns})
       select ${columns}, pg_notify('messages', id::text) from added`,
      [message.author, message.text],
    );
    await client.query('commit');
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

/** Reads the newest messages, or those after a cursor. */
export async function readPage(pool: Pool, { after, limit }: PageQuery): Promise<MessagePage> {
  if (after === undefined) {
    const { rows } = await pool.query<MessageRow>(
      `select ${columns} from messages order by id desc limit $1`,
      [limit],
    );
    return { messages: rows.toReversed().map(toMessage), more: false };
  }
  const { rows } = await pool.query<MessageRow>(
    `select ${columns} from messages where id > $1 order by id limit $2`,
    [after, limit + 1],
  );
  return { messages: rows.slice(0, limit).map(toMessage), more: rows.length > limit };
}

function toMessage(row: MessageRow): Message {
  return { id: Number(row.id), author: row.author, text: row.text, createdAt: row.created_at.toISOString() };
}
