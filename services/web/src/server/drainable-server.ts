import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface DrainableServer {
  readonly server: Server;
  /** Stops accepting, lets requests under way finish, and after `timeoutMs` cuts those that have not. */
  readonly drain: (timeoutMs: number) => Promise<void>;
}

/** A request on a connection that was just opened has this long to arrive. */
const firstRequestMs = 500;

/** An HTTP server whose kept-alive connections do not hold up its shutdown. */
export function createDrainableServer(handler: RequestListener): DrainableServer {
  let draining = false;
  const sockets = new Set<Socket>();
  const server = createServer({
    requestTimeout: 30_000,
    // Longer than a front end keeps an idle connection, so that never both ends decide at once:
    // https://cloud.google.com/load-balancing/docs/https#timeouts_and_retries
    keepAliveTimeout: 620_000,
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    if (draining) response.setHeader('connection', 'close');
    // A request that was under way when draining began leaves an idle connection behind.
    response.once('close', () => draining && setImmediate(() => server.closeIdleConnections()));
    handler(request, response);
  });
  return {
    server,
    async drain(timeoutMs) {
      draining = true;
      const closed = once(server, 'close');
      server.close();
      // Browsers open connections ahead of time. Node does not count one without any request as idle.
      const closeUnused = setTimeout(() => {
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, firstRequestMs);
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearTimeout(closeUnused);
      clearTimeout(cut);
    },
  };
}
