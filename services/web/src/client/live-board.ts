import { backoffMs } from './backoff.ts';
import { fetchPage, postMessage } from './board-api.ts';
import type { PostResult } from './board-api.ts';
import { emptyBoard, lastId, withMessages, withPage } from './board.ts';
import type { Board } from './board.ts';
import { createDoorbell } from './doorbell.ts';
import { decodeFrame } from './message.ts';
import type { Settings } from './settings.ts';

export interface LiveBoard {
  /** Keeps the board up to date until `signal` aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly post: (author: string, text: string) => Promise<PostResult>;
  /** Tries at once what it would try again later: the network, or the reader, is back. */
  readonly hurry: () => void;
}

export interface Paces {
  /** Between two readings of the api while the stream is not there. */
  readonly pollMs: number;
  /** The same while it is: repairs what a connection that died silently did not bring. */
  readonly rereadMs: number;
  readonly connectTimeoutMs: number;
}

const traceMs = 10 * 60_000;

export const usualPaces: Paces = { pollMs: 3000, rereadMs: 30_000, connectTimeoutMs: 8000 };

/** The board as this page knows it: read from the api, kept up to date by the stream, or by polling without it. */
export function createLiveBoard(
  { apiUrl, streamUrl, traceparent }: Pick<Settings, 'apiUrl' | 'streamUrl'> & Partial<Settings>,
  onChange: (board: Board) => void,
  paces: Paces = usualPaces,
): LiveBoard {
  let board = emptyBoard;
  const openedAt = performance.now();
  const pollBell = createDoorbell();
  const streamBell = createDoorbell();

  function change(next: Board): void {
    if (next === board) return;
    const lostStream = board.stream === 'ready' && next.stream !== 'ready';
    board = next;
    if (lostStream) pollBell.ring();
    onChange(board);
  }

  /** A page may stay open for days, and a trace is about one visit: later messages begin one of their own. */
  function traceNow(): string | undefined {
    return performance.now() - openedAt < traceMs ? traceparent : undefined;
  }

  async function poll(signal: AbortSignal): Promise<void> {
    try {
      for (let more = true; more;) {
        const page = await fetchPage(apiUrl, board.loaded ? lastId(board) : undefined, signal);
        change(withPage(board, page.messages));
        more = page.more && page.messages.length > 0;
      }
    } catch {
      // Why does not matter here: the page says that the board cannot be reached, and this is tried again.
      if (!signal.aborted) change({ ...board, api: 'failed' });
    }
  }

  async function keepPolling(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pollBell.wait(board.stream === 'ready' && board.loaded ? paces.rereadMs : paces.pollMs);
      if (!signal.aborted) await poll(signal);
    }
  }

  /** One connection, from its opening to its end. Returns whether it ever was ready. */
  async function followStream(signal: AbortSignal): Promise<boolean> {
    const cursor = lastId(board);
    const socket = new WebSocket(cursor === undefined ? streamUrl : `${streamUrl}?after=${cursor}`);
    const close = (): void => socket.close();
    const late = setTimeout(close, paces.connectTimeoutMs);
    signal.addEventListener('abort', close);
    let wasReady = false;
    await new Promise<void>((resolve) => {
      socket.addEventListener('close', () => resolve());
      socket.addEventListener('message', ({ data }) => {
        const frame = decodeFrame(String(data));
        if (frame === 'invalid') return close();
        if (frame.type === 'message') return change(withMessages(board, [frame.message]));
        if (frame.type === 'interrupted') return change({ ...board, stream: 'down' });
        if (frame.type !== 'ready') return;
        clearTimeout(late);
        wasReady = true;
        change({ ...board, stream: 'ready' });
      });
    });
    clearTimeout(late);
    signal.removeEventListener('abort', close);
    return wasReady;
  }

  async function keepStreaming(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const wasReady = await followStream(signal);
      if (signal.aborted) return;
      if (wasReady) attempt = 0;
      // A stream that was there and ended is mostly a server that restarts: the next one is a moment away.
      change({ ...board, stream: wasReady ? 'connecting' : 'down' });
      await streamBell.wait(backoffMs(attempt));
    }
  }

  function hurry(): void {
    pollBell.ring();
    streamBell.ring();
  }

  return {
    async run(signal) {
      signal.addEventListener('abort', hurry);
      // The first page gives the stream its cursor; without one the stream still brings what is new.
      await poll(signal);
      await Promise.all([keepPolling(signal), keepStreaming(signal)]);
    },

    async post(author, text) {
      const result = await postMessage(apiUrl, author, text, traceNow());
      if (result.ok) change(withMessages(board, [result.message]));
      return result;
    },

    hurry,
  };
}
