import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { ServerOptions, WebSocket } from 'ws';
import type { PendingAnswer } from 'slipway-telemetry/revision-metrics.ts';
import type { TracedAnswer } from 'slipway-telemetry/serve.ts';

export interface StreamOptions {
  readonly revision: string | undefined;
  /** Why no client can be taken on at the moment; undefined when it can. */
  readonly refusal: () => string | undefined;
  /** Counts and traces what becomes of a connection. */
  readonly begin: (request: IncomingMessage) => TracedAnswer;
  readonly onClient: (socket: WebSocket, after: number | undefined, answer: PendingAnswer) => void;
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Answers upgrades at `/stream?after=<id>`, for pages of any origin: the board is public. */
export function createStreamEndpoint({ revision, refusal, begin, onClient }: StreamOptions): UpgradeListener {
  // The types of ws do not know closeTimeout yet: how long a client may take to answer that it is closed.
  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Clients have nothing to say.
    maxPayload: 1024,
    closeTimeout: 5000,
  };
  const webSockets = new WebSocketServer(settings);
  const headers = revision === undefined ? [] : [`x-revision: ${revision}`];
  webSockets.on('headers', (lines) => lines.push(...headers));

  return (request, socket, head) => {
    const answer = begin(request);
    const refuse = (status: number, error: string): void => {
      const body = `${JSON.stringify({ error })}\n`;
      const start = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`;
      const fields = [
        'connection: close',
        'content-type: application/json',
        `content-length: ${Buffer.byteLength(body)}`,
      ];
      answer.ended(status >= 500 ? 'error' : 'ok');
      socket.on('error', () => socket.destroy());
      socket.end([start, ...fields, ...headers, '', body].join('\r\n'));
    };
    const [path, query = ''] = (request.url ?? '/').split('?', 2);
    if (path !== '/stream') return refuse(404, 'there is no stream at this path: connect to /stream');
    const after = decodeAfter(new URLSearchParams(query));
    if (after === 'invalid') return refuse(400, 'after must be the id of a message, or 0');
    const reason = refusal();
    if (reason !== undefined) return refuse(503, reason);
    webSockets.handleUpgrade(request, socket, head, (client) =>
      answer.within(() => onClient(client, after, answer)),
    );
  };
}

/** The cursor of a client; undefined when it has none. */
export function decodeAfter(query: URLSearchParams): number | undefined | 'invalid' {
  const text = query.get('after');
  if (text === null) return undefined;
  const after = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(after) ? after : 'invalid';
}
