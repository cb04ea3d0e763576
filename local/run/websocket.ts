import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { isRefusal, type Front, type Passage } from './front.ts';
import { requestHeaders, responseHeaders } from './proxy-headers.ts';
import { connectionError, forbidden, timedOut, type Refusal } from './refusals.ts';

function head(status: number, text: string, headers: readonly string[]): string {
  const lines = [`HTTP/1.1 ${status} ${text}`];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index] ?? ''}: ${headers[index + 1] ?? ''}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function refuse(socket: Duplex, passage: Passage, refusal: Refusal): number {
  passage.note = refusal.note;
  socket.end(
    head(refusal.status, 'Refused', [
      ...['Content-Type', refusal.contentType],
      ...['Content-Length', String(Buffer.byteLength(refusal.body))],
      ...['Connection', 'close'],
    ]) + refusal.body,
  );
  return refusal.status;
}

const closed = (stream: Duplex): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed) resolve();
    else stream.once('close', resolve);
  });

/** Joins two sockets: when one ends or breaks, so does the other. */
function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    if (from instanceof Socket) from.setNoDelay(true);
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    from.pipe(to);
  }
}

/** An answer that is no upgrade: the container refused it. */
function relay(answer: IncomingMessage, socket: Duplex, setCookie: string | undefined): void {
  const headers = [...responseHeaders(answer.rawHeaders, setCookie), 'Connection', 'close'];
  socket.write(head(answer.statusCode ?? 502, answer.statusMessage ?? '', headers));
  answer.pipe(socket);
}

/**
 * Passes an upgrade (a WebSocket) through. Resolves with the status of the answer when the connection is over: to Cloud
 * Run it is one request for as long as it lasts, and the request timeout ends it.
 * https://cloud.google.com/run/docs/triggering/websockets
 */
export async function tunnel(
  request: IncomingMessage,
  socket: Duplex,
  firstBytes: Buffer,
  passage: Passage,
  front: Front,
  clock: Clock,
): Promise<number> {
  // Without a listener an error of the client's connection would end the local cloud.
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const access = front.access(request);
  if (!access.admitted) return refuse(socket, passage, forbidden(request.url ?? '/'));
  const found = await front.lease(request);
  if (isRefusal(found)) return refuse(socket, passage, found);
  const { lease, revision, timeoutMs, setCookie } = found;
  passage.revision = revision;
  passage.instanceId = lease.instance.id;
  passage.reachedAt = clock.now();
  const upstream = httpRequest({
    host: '127.0.0.1',
    port: lease.instance.port,
    method: request.method ?? 'GET',
    path: request.url ?? '/',
    agent: false,
    headers: requestHeaders(request.rawHeaders, {
      ...passage,
      authorization: access.authorization,
      upgrade: true,
    }),
  });
  let status = 499;
  const cancelTimeout = clock.after(timeoutMs, () => {
    if (status === 499) {
      status = refuse(socket, passage, timedOut());
    } else {
      passage.note = timedOut().note;
      socket.destroy();
    }
    upstream.destroy();
  });
  upstream.once('upgrade', (answer, other: Duplex, otherFirstBytes: Buffer) => {
    status = answer.statusCode ?? 101;
    const cookie = setCookie === undefined ? [] : ['Set-Cookie', setCookie];
    socket.write(
      head(status, answer.statusMessage ?? 'Switching Protocols', [...answer.rawHeaders, ...cookie]),
    );
    if (otherFirstBytes.length > 0) socket.write(otherFirstBytes);
    if (firstBytes.length > 0) other.write(firstBytes);
    join(socket, other);
  });
  upstream.once('response', (answer) => {
    status = answer.statusCode ?? 502;
    relay(answer, socket, setCookie);
  });
  upstream.on('error', () => {
    if (status === 499 && !socket.destroyed)
      status = refuse(socket, passage, connectionError(passage.revision));
    else socket.destroy();
  });
  socket.once('close', () => upstream.destroy());
  upstream.end();
  await closed(socket);
  cancelTimeout();
  lease.release();
  return status;
}
