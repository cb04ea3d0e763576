import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { backoffMs } from './backoff.ts';
import { createDoorbell } from './doorbell.ts';
import { errorCode } from './error-code.ts';
import type { Log } from 'slipway-telemetry/log.ts';
import { readLastId, readMessages } from './message-reader.ts';
import type { Message } from './message.ts';
import { within } from './within.ts';

export interface FeedListener {
  /** New messages, each once, in the order of their ids. */
  readonly broadcast: (messages: readonly Message[]) => void;
  /** From now on nothing is missed; all up to `lastId` has been broadcast, or was there before the feed began. */
  readonly resume: (lastId: number) => void;
  /** A message is about to come: what the api said of it. A hint, which may be late or lost. */
  readonly announce: (payload: string | undefined) => void;
  /** New messages are not seen for the moment. */
  readonly interrupt: () => void;
}

export type Health = { readonly status: 'ok' } | { readonly status: 'unavailable'; readonly reason: string };

export interface MessageFeed {
  /** Listens, and listens again whenever the connection is lost, until `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly isListening: () => boolean;
  /** Asks the connection that listens whether it still works. Never throws. */
  readonly checkHealth: (timeoutMs: number) => Promise<Health>;
}

const pageSize = 500;
/** A notification is a hint; reading without one shows a connection that died silently, and repairs a lost hint. */
const rereadMs = 10_000;
const queryTimeoutMs = 5000;

/** Follows the table of messages by id. The api announces each new one on the channel `messages`. */
export function createMessageFeed(database: ClientConfig, listener: FeedListener, log: Log): MessageFeed {
  let lastId: number | undefined;
  let listening: Client | undefined;
  let failure = 'not connected yet';
  let attempt = 0;

  async function readNew(client: Client): Promise<void> {
    lastId ??= await readLastId(client);
    for (let page: readonly Message[]; ;) {
      page = await readMessages(client, lastId, pageSize);
      const last = page.at(-1);
      if (!last) return;
      lastId = last.id;
      listener.broadcast(page);
    }
  }

  async function listenUntilLost(signal: AbortSignal): Promise<void> {
    const client = new Client({ ...database, query_timeout: queryTimeoutMs });
    const doorbell = createDoorbell();
    const lost = new AbortController();
    signal.addEventListener('abort', doorbell.ring);
    lost.signal.addEventListener('abort', doorbell.ring);
    client.on('notification', ({ payload }) => {
      listener.announce(payload);
      doorbell.ring();
    });
    client.on('error', (error) => lost.abort(error));
    client.on('end', () => lost.abort(new Error('the database closed the connection')));
    try {
      await client.connect();
      // Listening comes before reading: what is committed in between is announced.
      await client.query('listen messages');
      await readNew(client);
      listening = client;
      attempt = 0;
      listener.resume(lastId ?? 0);
      log('INFO', 'listening on the database');
      while (!signal.aborted) {
        lost.signal.throwIfAborted();
        await doorbell.wait(rereadMs);
        if (!signal.aborted && !lost.signal.aborted) await readNew(client);
      }
    } finally {
      signal.removeEventListener('abort', doorbell.ring);
      if (listening) listener.interrupt();
      listening = undefined;
      // It may be beyond ending in good order, and nothing waits for it.
      void client.end().catch(() => {});
    }
  }

  return {
    async run(signal) {
      while (!signal.aborted) {
        try {
          await listenUntilLost(signal);
        } catch (error) {
          failure = errorCode(error);
        }
        if (signal.aborted) return;
        const waitMs = backoffMs(attempt);
        attempt += 1;
        log('WARNING', `not listening on the database (${failure}): trying again in ${waitMs} ms`);
        await delay(waitMs, undefined, { signal }).catch(() => {});
      }
    },

    isListening: () => listening !== undefined,

    async checkHealth(timeoutMs) {
      if (!listening) return { status: 'unavailable', reason: `not listening on the database (${failure})` };
      const answer = listening.query('select 1').then(
        (): Health => ({ status: 'ok' }),
        (error: unknown): Health => ({
          status: 'unavailable',
          reason: `the database cannot be used (${errorCode(error)})`,
        }),
      );
      const late: Health = {
        status: 'unavailable',
        reason: `the database did not answer within ${timeoutMs} ms`,
      };
      return within(timeoutMs, answer, late);
    },
  };
}
