import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import type { Answer, Routes } from './routes.ts';

/** Anybody may read and write the board from any page, and no request carries credentials. */
const crossOrigin = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'x-revision',
};
const preflight = {
  'access-control-allow-methods': 'GET, HEAD, POST',
  // A page may say which trace its message belongs to.
  'access-control-allow-headers': 'content-type, traceparent',
  'access-control-max-age': '3600',
};

/** Finds the route, and turns what comes of it, an error too, into a JSON answer. */
export function createRequestHandler(
  routes: Routes,
  revision: string | undefined,
  telemetry: Pick<Telemetry, 'log' | 'report'>,
): RequestListener {
  return (request, response) => {
    if (revision !== undefined) response.setHeader('x-revision', revision);
    for (const [name, value] of Object.entries(crossOrigin)) response.setHeader(name, value);
    answer(routes, request, response).catch((error: unknown) => fail(error, request, response, telemetry));
  };
}

async function answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const methods = routes.get(path);
  if (!methods) throw new HttpError(404, 'there is nothing at this path: GET / lists what there is');
  if (request.method === 'OPTIONS') {
    response.writeHead(204, preflight).end();
    return;
  }
  const route = methods.get(request.method === 'HEAD' ? 'GET' : (request.method ?? ''));
  if (!route) {
    const allowed = [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
    response.setHeader('allow', allowed);
    throw new HttpError(405, `this path answers ${allowed}`);
  }
  send(response, await route(request, new URLSearchParams(query)));
}

function fail(
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  { log, report }: Pick<Telemetry, 'log' | 'report'>,
): void {
  if (request.destroyed && !request.complete) return;
  const known =
    error instanceof HttpError ? error : new HttpError(500, 'the server failed to answer', { cause: error });
  if (known.status >= 500) {
    // The database being away is known and passes; anything else is a mistake here.
    if (known.status === 500) report(known.cause ?? known, request);
    const path = request.url?.split('?', 1)[0];
    log('ERROR', `${request.method} ${path}: ${known.message}`, {
      status: known.status,
      cause: describeCause(known.cause),
    });
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (known.status === 503) response.setHeader('retry-after', '1');
  const body = { error: known.message, ...(known.field === undefined ? {} : { field: known.field }) };
  send(response, { status: known.status, body });
}

function describeCause(cause: unknown): string | undefined {
  return cause instanceof Error ? (cause.stack ?? cause.message) : undefined;
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(bytes);
}
