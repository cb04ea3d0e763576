import type { IncomingMessage } from 'node:http';
import type { Pool } from 'pg';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import type { Identity } from './config.ts';
import { isTransient } from './database-error.ts';
import { checkHealth } from './health.ts';
import { HttpError } from './http-error.ts';
import { addMessage, readPage } from './message-store.ts';
import { decodeNewMessage, decodePageQuery } from './message.ts';
import { readJson } from './read-json.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export type Route = (request: IncomingMessage, query: URLSearchParams) => Promise<Answer>;
/** The handlers by path and method. */
export type Routes = ReadonlyMap<string, ReadonlyMap<string, Route>>;

/** Room for the longest text with every character escaped, and no more. */
const maxBodyBytes = 32 * 1024;
const healthTimeoutMs = 2000;

export function createRoutes(
  pool: Pool,
  identity: Identity,
  startedAt: string,
  telemetry: Telemetry,
): Routes {
  return new Map([
    ['/', new Map([['GET', describe]])],
    ['/health', new Map([['GET', () => health(pool, { ...identity, startedAt })]])],
    [
      '/messages',
      new Map<string, Route>([
        ['GET', (_request, query) => listMessages(pool, telemetry, query)],
        ['POST', (request) => postMessage(pool, telemetry, request)],
      ]),
    ],
  ]);
}

/** What a trace and a metric call a path. The platform's probes are nobody's requests. */
export function routeOf(path: string): string | undefined {
  if (path === '/health') return 'untraced';
  return path === '/' || path === '/messages' ? path : undefined;
}

async function describe(): Promise<Answer> {
  const body = {
    service: 'api',
    description: "The message board's messages",
    endpoints: ['GET /messages?after=<id>&limit=<count>', 'POST /messages {author, text}', 'GET /health'],
  };
  return { status: 200, body };
}

async function health(pool: Pool, about: object): Promise<Answer> {
  const result = await checkHealth(pool, healthTimeoutMs);
  return { status: result.status === 'ok' ? 200 : 503, body: { ...result, ...about } };
}

async function listMessages(pool: Pool, telemetry: Telemetry, query: URLSearchParams): Promise<Answer> {
  const page = decodePageQuery(query);
  return { status: 200, body: await fromDatabase(readPage(pool, telemetry, page)) };
}

async function postMessage(pool: Pool, telemetry: Telemetry, request: IncomingMessage): Promise<Answer> {
  const message = decodeNewMessage(await readJson(request, maxBodyBytes));
  return { status: 201, body: await fromDatabase(addMessage(pool, telemetry, message)) };
}

async function fromDatabase<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (cause) {
    if (isTransient(cause))
      throw new HttpError(503, 'the database is not available: try again shortly', { cause });
    throw cause;
  }
}
