import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Without its compression. */
  readonly body: Buffer;
}

export interface Receiver {
  readonly origin: string;
  readonly host: string;
  readonly received: readonly Received[];
  /** Asks again, whenever something has come, until there is an answer. */
  readonly until: <T>(ask: () => T | undefined, what: string) => Promise<T>;
  readonly close: () => Promise<void>;
}

const patienceMs = 15_000;

/** A real HTTP server that keeps what it is sent, and answers `status`. */
export async function startReceiver(status = 200): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    received.push({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    received,
    async until(ask, what) {
      const end = performance.now() + patienceMs;
      for (;;) {
        const answer = ask();
        if (answer !== undefined) return answer;
        if (performance.now() > end) throw new Error(`nothing came that shows ${what}`);
        await delay(20);
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
