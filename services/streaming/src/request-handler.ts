import type { RequestListener } from 'node:http';
import type { Health } from './message-feed.ts';

export interface HandlerOptions {
  /** What this process is: in the answers at `/health`. */
  readonly about: { readonly revision?: string; readonly commit?: string; readonly startedAt: string };
  readonly connections: () => number;
  /** Never throws. */
  readonly checkHealth: () => Promise<Health>;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers plain HTTP: what this service is, and how it is. */
export function createRequestHandler(options: HandlerOptions): RequestListener {
  const { revision } = options.about;
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    void answer(options, request.method ?? '', path).then(({ status, body, headers }) => {
      const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
      response.writeHead(status, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': bytes.length,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'x-revision',
        ...(revision === undefined ? {} : { 'x-revision': revision }),
        ...headers,
      });
      response.end(bytes);
    });
  };
}

async function answer(
  { about, connections, checkHealth }: HandlerOptions,
  method: string,
  path: string,
): Promise<Answer> {
  if (path !== '/' && path !== '/health' && path !== '/stream') {
    return { status: 404, body: { error: 'there is nothing at this path: GET / lists what there is' } };
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, body: { error: 'this path answers GET, HEAD' }, headers: { allow: 'GET, HEAD' } };
  }
  switch (path) {
    case '/': {
      const description = "Pushes the message board's new messages";
      const endpoints = ['WebSocket /stream?after=<id>', 'GET /health'];
      return {
        status: 200,
        body: { service: 'streaming', description, endpoints, connections: connections() },
      };
    }
    case '/health': {
      const health = await checkHealth();
      return {
        status: health.status === 'ok' ? 200 : 503,
        body: { ...health, connections: connections(), ...about },
      };
    }
    case '/stream':
      return {
        status: 426,
        body: { error: 'this path speaks WebSocket' },
        headers: { upgrade: 'websocket' },
      };
  }
}
