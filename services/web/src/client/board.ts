import type { Message } from './message.ts';

/** How new messages reach this page. */
export type Connection = 'connecting' | 'live' | 'polling' | 'offline';

export interface Board {
  /** Oldest first, by id. */
  readonly messages: readonly Message[];
  /** Whether a first page of messages has come. */
  readonly loaded: boolean;
  /** The newest message of that first page: what is greater has come since. */
  readonly loadedUpTo: number;
  readonly stream: 'connecting' | 'ready' | 'down';
  readonly api: 'unknown' | 'ok' | 'failed';
}

/** What the page keeps; older messages fall off its end. */
export const maxMessages = 500;

export const emptyBoard: Board = {
  messages: [],
  loaded: false,
  loadedUpTo: 0,
  stream: 'connecting',
  api: 'unknown',
};

/** Adds messages that may be there already, in any order. */
export function withMessages(board: Board, added: readonly Message[]): Board {
  const known = new Set(board.messages.map(({ id }) => id));
  const fresh = added.filter(({ id }) => !known.has(id));
  if (fresh.length === 0) return board;
  const messages = [...board.messages, ...fresh]
    .toSorted((one, other) => one.id - other.id)
    .slice(-maxMessages);
  return { ...board, messages };
}

/** Takes a page that the api answered with. */
export function withPage(board: Board, page: readonly Message[]): Board {
  const next: Board = { ...withMessages(board, page), api: 'ok', loaded: true };
  return board.loaded ? next : { ...next, loadedUpTo: lastId(next) ?? 0 };
}

/** The newest message's id. */
export function lastId({ messages }: Board): number | undefined {
  return messages.at(-1)?.id;
}

export function connectionOf({ stream, api }: Pick<Board, 'stream' | 'api'>): Connection {
  if (stream === 'ready') return 'live';
  if (api === 'failed') return 'offline';
  return stream === 'connecting' || api === 'unknown' ? 'connecting' : 'polling';
}
