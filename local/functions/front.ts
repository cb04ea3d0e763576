import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Instance } from './instance.ts';
import { StartFailure } from './instance.ts';
import type { Capacity } from './capacity.ts';

/** What the front of a function needs to pass a request on. */
export interface Backend {
  readonly capacity: Capacity;
  /** An instance that runs, started when there is none. `done` is to be called when the request is over. */
  lease(): Promise<{ readonly instance: Instance; readonly timeoutMs: number; done(): void }>;
  log(message: string): void;
}

/** They speak of one connection, not of the request. RFC 9110, section 7.6.1 */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

function passedOn(rawHeaders: readonly string[], dropped: ReadonlySet<string>): string[] {
  const result: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (!dropped.has(name.toLowerCase())) result.push(name, value);
  }
  return result;
}

const replaced = new Set([...hopByHop, 'x-forwarded-for', 'x-forwarded-proto', 'expect']);

function requestHeaders(request: IncomingMessage): string[] {
  const before = request.headers['x-forwarded-for'];
  const address = request.socket.remoteAddress ?? '';
  return [
    ...passedOn(request.rawHeaders, replaced),
    ...['X-Forwarded-For', before === undefined ? address : `${String(before)}, ${address}`],
    ...['X-Forwarded-Proto', 'http'],
    // A body whose length is not known goes on as it came.
    ...(request.headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked']),
  ];
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${message}\n`);
}

/** A connection to the instance; undefined when it takes none any more. */
function connectTo({ socketPath }: Instance): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => {
      resolve(undefined);
    });
  });
}

function forward(
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
  socket: Socket,
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    // The client may have gone while the instance was being started.
    if (response.destroyed) {
      socket.destroy();
      resolve();
      return;
    }
    const upstream = httpRequest({
      createConnection: () => socket,
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: requestHeaders(request),
      setHost: false,
    });
    const cancelTimeout = clock.after(timeoutMs, () => {
      refuse(response, 504, 'upstream request timeout');
      upstream.destroy();
    });
    response.once('close', () => {
      cancelTimeout();
      // The client went away, or the answer is complete and this does nothing.
      upstream.destroy();
      resolve();
    });
    upstream.once('response', (answer) => {
      response.sendDate = false;
      response.writeHead(answer.statusCode ?? 502, passedOn(answer.rawHeaders, hopByHop));
      if (answer.headers['content-length'] === undefined) response.flushHeaders();
      answer.once('error', () => response.destroy());
      answer.pipe(response);
    });
    upstream.once('error', () => {
      if (response.destroyed || response.writableEnded) return;
      // The function ended in the middle of it, as by process.exit or an error nobody caught.
      refuse(response, 503, 'The request failed because the function ended before it answered.');
    });
    request.pipe(upstream);
  });
}

/** The server at a function's address. Requests of which too many are under way wait, then get 429. */
export function createFront(clock: Clock, { capacity, lease, log }: Backend): Server {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const leave = await capacity.take();
    if (!leave) {
      refuse(response, 429, 'Rate exceeded.');
      return;
    }
    try {
      // An instance that has just ended is found out by connecting: nothing of the request is lost then.
      for (let sent = false; !sent && !response.destroyed;) {
        const { instance, timeoutMs, done } = await lease();
        try {
          const socket = await connectTo(instance);
          sent = socket !== undefined;
          if (socket) await forward(clock, request, response, socket, timeoutMs);
          else await instance.ended;
        } finally {
          done();
        }
      }
    } catch (error) {
      if (!(error instanceof StartFailure)) log(String(error));
      refuse(response, 503, 'The function could not be started. Its log says why.');
    } finally {
      leave();
    }
  };
  return createServer((request, response) => {
    void handle(request, response);
  });
}
