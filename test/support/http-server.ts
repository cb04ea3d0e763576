import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpServer {
  readonly server: Server;
  readonly url: string;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** A server on a free port of this machine. */
export async function startHttpServer(listener?: RequestListener): Promise<HttpServer> {
  const server = createServer(listener ?? (() => undefined));
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      // Upgraded connections are no longer the server's to close.
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
