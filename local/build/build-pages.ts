import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { CloudContext } from '../core/context.ts';
import { handled, type ApiRequest, type Route } from '../core/room.ts';
import type { BuildLog } from './build-log.ts';
import { buildPage, buildSummary } from './build-page.ts';
import type { BuildQueue } from './build-queue.ts';
import type { BuildRecord, BuildStore } from './build-store.ts';
import { hasEnded } from './build-types.ts';

export interface BuildPagesLinks {
  readonly context: CloudContext;
  readonly store: BuildStore;
  readonly queue: BuildQueue;
  readonly logOf: (record: BuildRecord) => BuildLog;
}

function send(
  response: ServerResponse,
  type: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): typeof handled {
  response.writeHead(200, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
  return handled;
}

/** What a person sees of a build: its page, and its log while it is written. */
export function buildPages({ context, store, queue, logOf }: BuildPagesLinks): Route[] {
  const record = ({ params }: ApiRequest): BuildRecord => store.get(params.id ?? '');
  const summary = ({ build }: BuildRecord): string =>
    buildSummary(build, queue.progress(build.id), context.clock.now());

  const follow = (request: ApiRequest): typeof handled => {
    const found = record(request);
    const { id } = found.build;
    const { response } = request;
    response.writeHead(200, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const log = logOf(found);
    response.write(log.text());
    const ends: (() => void)[] = [];
    const close = (): void => {
      for (const end of ends) end();
      response.end();
    };
    ends.push(
      log.follow((text) => response.write(text)),
      store.watch(id, () => {
        if (hasEnded(store.get(id).build.status)) close();
      }),
    );
    request.signal.addEventListener('abort', close, { once: true });
    if (hasEnded(found.build.status)) close();
    return handled;
  };

  return [
    {
      method: 'GET',
      path: '/cloud-build/builds;region={region}/{id}',
      handle(request) {
        const found = record(request);
        const nonce = randomBytes(16).toString('base64');
        return send(request.response, 'text/html', buildPage(found.build, summary(found), nonce), {
          'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; frame-ancestors 'self'`,
        });
      },
    },
    {
      method: 'GET',
      path: '/cloud-build/progress/{id}',
      handle(request) {
        const found = record(request);
        return send(request.response, 'text/html', summary(found), {
          'x-build-ended': String(hasEnded(found.build.status)),
        });
      },
    },
    {
      method: 'GET',
      path: '/cloud-build/logs/{id}',
      handle(request) {
        if (request.query.get('follow') === '1') return follow(request);
        return send(request.response, 'text/plain', logOf(record(request)).text());
      },
    },
  ];
}
