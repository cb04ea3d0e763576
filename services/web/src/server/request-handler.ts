import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { assetUrl, unreadableAssets } from './assets.ts';
import type { AssetEntry, Assets } from './assets.ts';
import { chooseEncoding } from './choose-encoding.ts';
import type { Config } from './config.ts';
import type { Telemetry } from 'slipway-telemetry/telemetry.ts';
import { securityHeaders } from './security-headers.ts';

export interface HandlerOptions {
  readonly config: Config;
  /** The folder that the build wrote. */
  readonly dist: URL;
  readonly assets: Assets;
  readonly startedAt: string;
  readonly telemetry: Pick<Telemetry, 'log' | 'report' | 'tracing' | 'traceparent'>;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
};

/** Serves the page, its settings and its health. */
export function createRequestHandler(options: HandlerOptions): RequestListener {
  const { config, telemetry } = options;
  const { revision } = config.identity;
  const common = {
    ...securityHeaders(config.apiUrl, config.streamingUrl),
    ...(revision === undefined ? {} : { 'x-revision': revision }),
  };
  const send = (response: ServerResponse, { status, headers, body }: Answer): void => {
    const length = body === undefined ? {} : { 'content-length': String(body.length) };
    response.writeHead(status, { ...common, ...length, ...headers }).end(body);
  };
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    answer(options, request, path).then(
      (result) => send(response, result),
      (error: unknown) => {
        telemetry.report(error, request);
        telemetry.log('ERROR', `${request.method} ${path} failed`, {
          cause: error instanceof Error ? error.stack : String(error),
        });
        send(response, text(500, 'The server failed to answer.\n'));
      },
    );
  };
}

/** What a trace and a metric call a path: the scripts of the page are one. Probes are nobody's requests. */
export function routeOf(assets: Assets, path: string): string | undefined {
  if (path === '/health') return 'untraced';
  if (path === '/config.json' || path === '/') return path;
  return assets.has(path) ? '/assets/*' : undefined;
}

async function answer(options: HandlerOptions, request: IncomingMessage, path: string): Promise<Answer> {
  const asset = options.assets.get(path);
  if (!asset && path !== '/health' && path !== '/config.json')
    return text(404, 'There is nothing at this address.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    const { headers, ...rest } = text(405, 'This address answers GET and HEAD.\n');
    return { ...rest, headers: { ...headers, allow: 'GET, HEAD' } };
  }
  if (asset) return serveAsset(options.dist, asset, request);
  return path === '/health' ? health(options) : settings(options);
}

async function serveAsset(dist: URL, asset: AssetEntry, request: IncomingMessage): Promise<Answer> {
  const encoding = chooseEncoding(String(request.headers['accept-encoding'] ?? ''), asset.encodings);
  const etag = `"${asset.hash}${encoding === undefined ? '' : `-${encoding}`}"`;
  const headers = {
    etag,
    'cache-control': asset.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    ...(asset.encodings.length > 0 ? { vary: 'accept-encoding' } : {}),
  };
  const known = (request.headers['if-none-match'] ?? '')
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag)) return { status: 304, headers };
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': mediaTypes[extname(asset.file)] ?? 'application/octet-stream',
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
    },
    body: await readFile(assetUrl(dist, asset, encoding)),
  };
}

async function health({ config, dist, assets, startedAt }: HandlerOptions): Promise<Answer> {
  const about = { ...config.identity, startedAt };
  const unreadable = await unreadableAssets(dist, assets);
  if (unreadable.length === 0) return json(200, { status: 'ok', assets: assets.size, ...about });
  return json(503, { status: 'unavailable', reason: `cannot read ${unreadable.join(', ')}`, ...about });
}

/** The page goes on with the trace of its settings, so that what it posts can be followed from here. */
function settings({ config, telemetry }: HandlerOptions): Answer {
  const { apiUrl, streamingUrl, identity } = config;
  const traceparent = telemetry.tracing() ? telemetry.traceparent() : undefined;
  return json(200, { apiUrl, streamingUrl, commit: identity.commit ?? null, traceparent });
}

function json(status: number, value: object): Answer {
  const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

function text(status: number, sentence: string): Answer {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
  return { status, headers, body: Buffer.from(sentence) };
}
