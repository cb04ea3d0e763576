import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Access } from './access.ts';
import { traceIdOf } from './proxy-headers.ts';
import type { Refusal } from './refusals.ts';
import type { Exchange } from './request-entry.ts';
import type { Lease } from './revision-runtime.ts';

/** An instance for a request. */
export interface Leased {
  readonly revision: string;
  readonly lease: Lease;
  readonly timeoutMs: number;
  /** The `Set-Cookie` header that goes with the answer. */
  readonly setCookie: string | undefined;
}

/** What an address asks of its service. */
export interface Front {
  access(request: IncomingMessage): Access;
  /** The revision for this request and an instance of it, or why there is none. Never rejects. */
  lease(request: IncomingMessage): Promise<Leased | Refusal>;
  record(exchange: Exchange): void;
}

/** What is known of a request while it is under way. */
export interface Passage {
  readonly startedAt: number;
  readonly remoteIp: string;
  readonly traceId: string;
  readonly spanId: string;
  revision: string;
  instanceId: string | undefined;
  /** When an instance got it, in ms since the epoch: a start that it had to wait for is over then. */
  reachedAt: number | undefined;
  note: string | undefined;
}

export const isRefusal = (found: object): found is Refusal => 'status' in found;

/** The passage of a request that has just come in. */
export function passageOf(request: IncomingMessage, clock: Clock): Passage {
  const ids = randomBytes(24).toString('hex');
  return {
    startedAt: clock.now(),
    remoteIp: request.socket.remoteAddress ?? '',
    traceId: traceIdOf(request.headers) ?? ids.slice(0, 32),
    spanId: ids.slice(32),
    revision: '',
    instanceId: undefined,
    reachedAt: undefined,
    note: undefined,
  };
}

/** What has gone over a connection since it was last asked: one request, where they follow one another. */
export type ByteMeter = (socket: Socket) => { read: number; written: number };

export function createByteMeter(): ByteMeter {
  const counted = new WeakMap<Socket, { read: number; written: number }>();
  return (socket) => {
    const before = counted.get(socket) ?? { read: 0, written: 0 };
    const now = { read: socket.bytesRead, written: socket.bytesWritten };
    counted.set(socket, now);
    return { read: now.read - before.read, written: now.written - before.written };
  };
}

/** What is recorded of a request once it is over. */
export function exchangeOf(
  request: IncomingMessage,
  passage: Passage,
  status: number,
  clock: Clock,
  bytes: ByteMeter,
): Exchange {
  const { socket, headers } = request;
  const { read, written } = bytes(socket);
  const { startedAt, reachedAt, remoteIp, traceId, revision, instanceId, note } = passage;
  const now = clock.now();
  return {
    method: request.method ?? 'GET',
    url: `http://${headers.host ?? ''}${request.url ?? '/'}`,
    status,
    latencyMs: now - startedAt,
    atInstanceMs: reachedAt === undefined ? undefined : now - reachedAt,
    requestBytes: read,
    responseBytes: written,
    userAgent: headers['user-agent'],
    referer: headers.referer,
    remoteIp,
    protocol: `HTTP/${request.httpVersion}`,
    traceId,
    revision,
    instanceId,
    note,
  };
}
