import { createServer } from 'node:net';
import type { Table } from './state.ts';

/** One port on 127.0.0.1 for each address the local cloud gives out; an address keeps its port across restarts. */
export interface Ports {
  /** The port of `key` (a service, a tag, a function): the one it had, or the next free one. */
  reserve(key: string): Promise<number>;
  release(key: string): void;
}

/** Whether nothing listens on this port of 127.0.0.1 now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** Ports are given out upwards from `first`. */
export function createPorts(table: Table<number>, first: number): Ports {
  // One at a time: two reservations that probe side by side would both find the same port free.
  let queue: Promise<unknown> = Promise.resolve();
  const find = async (key: string): Promise<number> => {
    const known = table.get(key);
    if (known !== undefined) return known;
    const taken = new Set(table.values());
    for (let port = first; port <= 65_535; port += 1) {
      if (taken.has(port) || !(await isPortFree(port))) continue;
      table.set(key, port);
      return port;
    }
    throw new Error(`no free port above ${first} for ${key}`);
  };
  return {
    reserve(key) {
      const port = queue.then(() => find(key));
      queue = port.catch(() => undefined);
      return port;
    },
    release(key) {
      table.delete(key);
    },
  };
}
