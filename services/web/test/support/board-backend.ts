import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Message } from '../../src/client/message.ts';

/** The two services that the page speaks to, as far as it sees them, on real sockets. */
export interface BoardBackend {
  readonly apiUrl: string;
  readonly streamUrl: string;
  readonly stored: Message[];
  /** What the api answers instead of serving. */
  apiStatus: number;
  /** Whether streaming takes clients. */
  streaming: boolean;
  /** Stores a message; announces it when `announced`. */
  readonly add: (text: string, announced?: boolean) => Message;
  readonly send: (frame: object | string) => void;
  readonly closeStreams: (code: number) => void;
  /** The cursors that clients connected with. */
  readonly cursors: (string | null)[];
  /** The `traceparent` of each message that was posted. */
  readonly traces: (string | undefined)[];
}

export async function startBackend(t: TestContext): Promise<BoardBackend> {
  const sockets = new Set<WebSocket>();
  const webSockets = new WebSocketServer({ noServer: true });
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'application/json');
    if (backend.apiStatus !== 200) {
      response
        .writeHead(backend.apiStatus)
        .end(JSON.stringify({ error: 'text must not be so', field: 'text' }));
    } else if (request.method === 'POST' && pathname === '/messages') {
      backend.traces.push(request.headers['traceparent']?.toString());
      let body = '';
      for await (const chunk of request) body += String(chunk);
      response.writeHead(201).end(JSON.stringify(backend.add(JSON.parse(body).text)));
    } else {
      const after = Number(searchParams.get('after') ?? 0);
      const rest = backend.stored.filter(({ id }) => id > after);
      response.end(JSON.stringify({ messages: rest.slice(0, 3), more: rest.length > 3 }));
    }
  });
  server.on('upgrade', (request, socket, head) => {
    if (!backend.streaming) {
      socket.destroy();
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (client) => {
      const after = new URL(request.url ?? '/', 'http://localhost').searchParams.get('after');
      backend.cursors.push(after);
      sockets.add(client);
      client.on('close', () => sockets.delete(client));
      if (after !== null) {
        for (const message of backend.stored.filter(({ id }) => id > Number(after))) {
          client.send(JSON.stringify({ type: 'message', ...message }));
        }
      }
      client.send(JSON.stringify({ type: 'ready', lastId: backend.stored.length }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const authority = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  t.after(() => {
    for (const socket of sockets) socket.terminate();
    server.closeAllConnections();
    server.close();
  });

  const backend: BoardBackend = {
    apiUrl: `http://${authority}`,
    streamUrl: `ws://${authority}/stream`,
    stored: [],
    apiStatus: 200,
    streaming: true,
    cursors: [],
    traces: [],
    add(text, announced = true) {
      const message = {
        id: backend.stored.length + 1,
        author: 'Ada',
        text,
        createdAt: '2026-01-01T00:00:00.000Z',
      };
      backend.stored.push(message);
      if (announced) backend.send({ type: 'message', ...message });
      return message;
    },
    send(frame) {
      for (const socket of sockets) socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    },
    closeStreams(code) {
      for (const socket of sockets) socket.close(code);
    },
  };
  return backend;
}
