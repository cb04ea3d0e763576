import type { Server } from 'node:http';
import type { Ports } from '../core/ports.ts';

/** The addresses that services and tags answer at: one port each, the same after a restart. */
export interface Addresses {
  /** Opens the address `key` unless it is open; resolves once it takes connections. */
  open(key: string, makeServer: () => Server): Promise<string>;
  /** `http://127.0.0.1:<port>`, or undefined while it is not open. */
  uri(key: string): string | undefined;
  /** Takes no more connections; requests under way go on. */
  close(key: string): void;
  /** Ends every connection, too. */
  stop(): void;
}

function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1' }, () => {
      resolve(true);
    });
  });
}

export function createAddresses(ports: Ports, warn: (message: string) => void): Addresses {
  const open = new Map<string, { readonly server: Server; readonly uri: string }>();
  const closing = new Set<Server>();
  const opening = new Map<string, Promise<string>>();
  let stopped = false;

  const start = async (key: string, makeServer: () => Server): Promise<string> => {
    for (let attempt = 1; ; attempt += 1) {
      const port = await ports.reserve(key);
      const server = makeServer();
      if (await listen(server, port)) {
        const uri = `http://127.0.0.1:${port}`;
        open.set(key, { server, uri });
        if (stopped) server.close();
        return uri;
      }
      if (attempt === 5) throw new Error(`${key}: port ${port} and others before it are in use`);
      warn(`${key}: port ${port} is in use by another program now; the address gets a new port`);
      ports.release(key);
    }
  };

  const close = (key: string): Server | undefined => {
    const found = open.get(key);
    if (!found) return undefined;
    open.delete(key);
    closing.add(found.server);
    found.server.close(() => closing.delete(found.server));
    found.server.closeIdleConnections();
    return found.server;
  };

  return {
    async open(key, makeServer) {
      const known = open.get(key);
      if (known) return known.uri;
      const started =
        opening.get(key) ??
        start(key, makeServer).finally(() => {
          opening.delete(key);
        });
      opening.set(key, started);
      return started;
    },
    uri: (key) => open.get(key)?.uri,
    close(key) {
      close(key);
    },
    stop() {
      stopped = true;
      for (const key of [...open.keys()]) close(key);
      for (const server of closing) server.closeAllConnections();
    },
  };
}
