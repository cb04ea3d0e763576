import { request as httpRequest, type Agent as HttpAgent } from 'node:http';
import { request as httpsRequest, type Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { HttpAnswer, HttpRequest, Timings } from './messages.ts';

export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

/** When each step of a request was over, by `performance.now()`; undefined: it did not take place (yet). */
interface Marks {
  readonly began: number;
  socket?: number;
  lookedUp?: number;
  connected?: number;
  secured?: number;
  sent?: number;
  answered?: number;
}

const isSafe = ({ method }: HttpRequest): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/**
 * One request on the connections of one virtual user. Resolves also when there is no answer. `cancelled` breaks it off.
 * Byte counts are those of the socket while the request lasted; with TLS, of what was inside.
 */
export function exchangeHttp(
  asked: HttpRequest,
  agents: Agents,
  cancelled: AbortSignal,
): Promise<HttpAnswer> {
  return new Promise((resolve) => {
    const url = new URL(asked.url);
    const secure = url.protocol === 'https:';
    const marks: Marks = { began: performance.now() };
    let socket: Socket | undefined;
    let [sentBefore, receivedBefore] = [0, 0];
    const options = {
      method: asked.method,
      headers: { ...asked.headers },
      agent: asked.reuse ? (secure ? agents.https : agents.http) : false,
      rejectUnauthorized: asked.rejectUnauthorized,
      signal: AbortSignal.any([cancelled, AbortSignal.timeout(Math.ceil(asked.timeoutMs))]),
    } as const;
    const request = secure ? httpsRequest(url, options) : httpRequest(url, options);

    const end = (outcome: Partial<HttpAnswer>): void => {
      resolve({
        kind: 'http',
        id: asked.id,
        status: 0,
        statusText: '',
        rawHeaders: [],
        body: new Uint8Array(),
        timings: timingsOf(marks, performance.now()),
        remoteAddress: socket?.remoteAddress ?? '',
        remotePort: socket?.remotePort ?? 0,
        bytesSent: (socket?.bytesWritten ?? 0) - sentBefore,
        bytesReceived: (socket?.bytesRead ?? 0) - receivedBefore,
        fault: undefined,
        ...outcome,
      });
    };
    const fail = (cause: NodeJS.ErrnoException): void => {
      // The server closed the idle connection at the moment it was used again: Go's client, so k6 too, asks again.
      if (
        request.reusedSocket &&
        cause.code === 'ECONNRESET' &&
        marks.answered === undefined &&
        isSafe(asked)
      ) {
        resolve(exchangeHttp(asked, agents, cancelled));
        return;
      }
      const late = cause.name === 'AbortError' || cause.name === 'TimeoutError';
      end({
        fault: late
          ? { message: 'request timeout', code: 'ETIMEDOUT' }
          : { message: cause.message || String(cause.code), code: cause.code ?? '' },
      });
    };

    request.once('socket', (taken) => {
      socket = taken;
      marks.socket = performance.now();
      if (!taken.connecting) {
        [sentBefore, receivedBefore] = [taken.bytesWritten, taken.bytesRead];
        return;
      }
      taken.once('lookup', () => (marks.lookedUp = performance.now()));
      taken.once('connect', () => (marks.connected = performance.now()));
      taken.once('secureConnect', () => (marks.secured = performance.now()));
    });
    request.once('finish', () => (marks.sent = performance.now()));
    request.once('error', fail);
    request.once('response', (response) => {
      marks.answered = performance.now();
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () => {
        end({
          status: response.statusCode ?? 0,
          statusText: response.statusMessage ?? '',
          rawHeaders: response.rawHeaders,
          body: Uint8Array.from(Buffer.concat(chunks)),
        });
      });
    });
    request.end(asked.body);
  });
}

function timingsOf(marks: Marks, ended: number): Timings {
  const { began, socket = ended, lookedUp = socket, connected, secured } = marks;
  const ready = secured ?? connected ?? socket;
  // An answer may come before all of the request is out.
  const sent = Math.max(ready, marks.sent ?? ended);
  const answered = Math.max(sent, marks.answered ?? ended);
  const [sending, waiting, receiving] = [sent - ready, answered - sent, ended - answered].map((ms) =>
    Math.max(0, ms),
  ) as [number, number, number];
  return {
    blocked: lookedUp - began,
    connecting: connected === undefined ? 0 : connected - lookedUp,
    tls_handshaking: secured === undefined ? 0 : secured - (connected ?? socket),
    sending,
    waiting,
    receiving,
    duration: sending + waiting + receiving,
  };
}
