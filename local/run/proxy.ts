import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { createByteMeter, exchangeOf, isRefusal, passageOf, type Front, type Passage } from './front.ts';
import { requestHeaders, responseHeaders } from './proxy-headers.ts';
import { connectionError, forbidden, timedOut, type Refusal } from './refusals.ts';
import type { Lease } from './revision-runtime.ts';
import { tunnel } from './websocket.ts';

function refuse(response: ServerResponse, passage: Passage, refusal: Refusal): void {
  passage.note = refusal.note;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(refusal.status, {
    'content-type': refusal.contentType,
    'content-length': Buffer.byteLength(refusal.body),
  });
  response.end(refusal.body);
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  (headers['content-length'] !== undefined && headers['content-length'] !== '0') ||
  headers['transfer-encoding'] !== undefined;

/** Passes one request on to the instance, and its answer back, both as streams. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  passage: Passage,
  { instance, timeoutMs, authorization, setCookie }: ForwardTo,
  clock: Clock,
): void {
  const upstream = httpRequest({
    host: '127.0.0.1',
    port: instance.port,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    agent: instance.agent,
    headers: requestHeaders(request.rawHeaders, { ...passage, authorization, upgrade: false }),
  });
  const cancelTimeout = clock.after(timeoutMs, () => {
    refuse(response, passage, timedOut());
    upstream.destroy();
  });
  response.once('close', () => {
    cancelTimeout();
    // The client went away, or the answer is complete and this does nothing.
    if (!response.writableFinished) upstream.destroy();
  });
  upstream.once('response', (answer) => {
    // The container's own Date is passed on, or none.
    response.sendDate = false;
    response.writeHead(
      answer.statusCode ?? 502,
      answer.statusMessage,
      responseHeaders(answer.rawHeaders, setCookie),
    );
    // An event stream may be silent for long after its headers.
    if (answer.headers['content-length'] === undefined) response.flushHeaders();
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  upstream.on('error', () => {
    if (response.destroyed || response.writableEnded) return;
    refuse(response, passage, connectionError(passage.revision));
  });
  if (hasBody(request)) request.pipe(upstream);
  else upstream.end();
}

interface ForwardTo {
  readonly instance: Lease['instance'];
  readonly timeoutMs: number;
  readonly authorization: string | undefined;
  readonly setCookie: string | undefined;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  passage: Passage,
  front: Front,
  clock: Clock,
): Promise<void> {
  const access = front.access(request);
  if (!access.admitted) {
    refuse(response, passage, forbidden(request.url ?? '/'));
    return;
  }
  const found = await front.lease(request);
  if (isRefusal(found)) {
    refuse(response, passage, found);
    return;
  }
  const { lease, revision, timeoutMs, setCookie } = found;
  if (response.closed) {
    lease.release();
    return;
  }
  response.once('close', () => {
    lease.release();
  });
  passage.revision = revision;
  passage.instanceId = lease.instance.id;
  passage.reachedAt = clock.now();
  forward(
    request,
    response,
    passage,
    { instance: lease.instance, timeoutMs, authorization: access.authorization, setCookie },
    clock,
  );
}

/** The status that the client has got: 499 when it went away before there was one. */
const statusOf = (response: ServerResponse): number => (response.headersSent ? response.statusCode : 499);

/** The server of one address: a service's own, or one of its tags'. It does not listen yet. */
export function createProxy(front: Front, clock: Clock, onError: (error: unknown) => void): Server {
  const bytes = createByteMeter();
  const server = createServer((request, response) => {
    const passage = passageOf(request, clock);
    response.once('close', () => {
      front.record(exchangeOf(request, passage, statusOf(response), clock, bytes));
    });
    serve(request, response, passage, front, clock).catch((error: unknown) => {
      onError(error);
      response.destroy();
    });
  });
  // How long a request may take is the service's own timeout.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 620_000;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const passage = passageOf(request, clock);
    tunnel(request, socket, head, passage, front, clock)
      .then((status) => {
        front.record(exchangeOf(request, passage, status, clock, bytes));
      })
      .catch((error: unknown) => {
        onError(error);
        socket.destroy();
      });
  });
  return server;
}
