import type { WebSocket } from 'ws';
import type { Delivery } from './delivery-traces.ts';
import type { FeedListener } from './message-feed.ts';
import type { Frame, Message } from './message.ts';
import type { PendingAnswer } from 'slipway-telemetry/revision-metrics.ts';

export interface HubOptions {
  readonly readMessages: (after: number, limit: number) => Promise<readonly Message[]>;
  /** A client that leaves more than this unread is dropped, so that the slowest do not fill the memory. */
  readonly maxBufferedBytes: number;
  /** Told of every message that has gone out to those who listen. */
  readonly onDelivered: (id: number, delivery: Delivery) => void;
  /** Told of each frame with a message that was sent, to those who catch up too. */
  readonly onSent: (messages: number) => void;
  /** Told when somebody comes, and when they leave. */
  readonly onConnections: (change: 1 | -1) => void;
}

export interface ClientHub extends Omit<FeedListener, 'announce'> {
  /**
   * Takes a client on. It is sent what came after `after`, then what is new; without `after` only what is new. The
   * answer has begun with the first frame; it is ok when all that was missed has been sent, not hours later when the
   * connection ends, and an error when this side has ended it before.
   */
  readonly add: (socket: WebSocket, after: number | undefined, answer: PendingAnswer) => void;
  readonly size: () => number;
  /** Pings everybody, and ends those that have not answered since the last beat. */
  readonly beat: () => void;
  /** Tells everybody to connect again elsewhere; ends those that have not left after `timeoutMs`. */
  readonly close: (timeoutMs: number) => Promise<void>;
}

interface Client {
  readonly socket: WebSocket;
  readonly answer: PendingAnswer;
  /** The last message it was sent. */
  lastId: number;
  /** Whether it is sent new messages as they come, or is still reading older ones. */
  live: boolean;
  /** Whether it has answered since the last beat. */
  answered: boolean;
}

/** Close codes: https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const serviceRestart = 1012;
const tryAgainLater = 1013;
const pageSize = 500;

/** All clients of this instance, and where each of them stands. */
export function createClientHub(options: HubOptions): ClientHub {
  const { readMessages, maxBufferedBytes, onDelivered, onSent, onConnections } = options;
  const clients = new Set<Client>();
  let lastId = 0;

  function forget(client: Client): void {
    if (clients.delete(client)) onConnections(-1);
  }

  function drop(client: Client, reason: string): void {
    client.live = false;
    forget(client);
    client.answer.ended('error');
    client.socket.close(tryAgainLater, reason);
  }

  function send(client: Client, data: string): void {
    client.socket.send(data);
    if (client.socket.bufferedAmount > maxBufferedBytes) drop(client, 'too slow');
  }

  function sendToLive(frame: Frame): void {
    const data = JSON.stringify(frame);
    for (const client of clients) if (client.live) send(client, data);
  }

  async function catchUp(client: Client): Promise<void> {
    while (client.lastId < lastId && clients.has(client)) {
      const page = await readMessages(client.lastId, pageSize);
      const last = page.at(-1);
      if (!last) break;
      client.lastId = last.id;
      client.answer.begun();
      onSent(page.length);
      const data = page.map((message) => JSON.stringify(toFrame(message)));
      // The next page is read when this one has left the process, so that a slow client is not drowned.
      await Promise.all(data.map((text) => new Promise((resolve) => client.socket.send(text, resolve))));
    }
    if (!clients.has(client)) return;
    client.live = true;
    client.answer.begun();
    client.answer.ended('ok');
    send(client, JSON.stringify({ type: 'ready', lastId: client.lastId } satisfies Frame));
  }

  return {
    add(socket, after, answer) {
      const client: Client = { socket, answer, lastId: after ?? lastId, live: false, answered: true };
      clients.add(client);
      onConnections(1);
      socket.on('pong', () => (client.answered = true));
      socket.on('close', () => {
        forget(client);
        // It did not wait.
        answer.ended('ok');
      });
      // A broken connection, or a frame that is too long: `close` follows.
      socket.on('error', () => {});
      catchUp(client).catch(() => drop(client, 'the database is not available'));
    },

    broadcast(messages) {
      for (const message of messages) {
        const data = JSON.stringify(toFrame(message));
        const startMs = Date.now();
        let sent = 0;
        lastId = message.id;
        for (const client of clients) {
          // A client that is catching up, or that was quicker than the announcement, has its own reading.
          if (!client.live || client.lastId >= message.id) continue;
          client.lastId = message.id;
          send(client, data);
          sent += 1;
        }
        onSent(sent);
        onDelivered(message.id, { clients: sent, startMs, endMs: Date.now() });
      }
    },

    resume(id) {
      lastId = id;
      sendToLive({ type: 'ready', lastId });
    },

    interrupt: () => sendToLive({ type: 'interrupted' }),

    size: () => clients.size,

    beat() {
      for (const { socket } of [...clients].filter(({ answered }) => !answered)) socket.terminate();
      for (const client of clients) {
        client.answered = false;
        client.socket.ping();
      }
    },

    async close(timeoutMs) {
      const closing = [...clients].map(({ socket }) => {
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.close(serviceRestart, 'service restart');
        return closed;
      });
      const late = setTimeout(() => {
        for (const { socket } of clients) socket.terminate();
      }, timeoutMs);
      await Promise.all(closing);
      clearTimeout(late);
    },
  };
}

function toFrame(message: Message): Frame {
  return { type: 'message', ...message };
}
