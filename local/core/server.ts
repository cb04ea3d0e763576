import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { ApiError, asApiError } from './api-error.ts';
import { createApiFaults } from './api-fault-routes.ts';
import { systemClock } from './clock.ts';
import type { CloudContext } from './context.ts';
import { compilePathTemplate, type PathTemplate } from './path-template.ts';
import { handled, Reply, type ApiRequest, type HttpMethod, type Route } from './room.ts';
import { underFault } from './under-fault.ts';

/** Room for the largest body that Cloud Build takes as source here; what is larger is refused, not truncated. */
const maxBodyBytes = 512 * 1024 * 1024;

interface CompiledRoute {
  readonly method: string;
  readonly template: PathTemplate;
  readonly route: Route;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new ApiError('INVALID_ARGUMENT', `The request body is larger than ${maxBodyBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new ApiError('INVALID_ARGUMENT', `Invalid JSON payload received. ${(cause as Error).message}`, {
      cause,
    });
  }
}

function apiRequest(
  raw: IncomingMessage,
  response: ServerResponse,
  url: URL,
  params: Record<string, string>,
): ApiRequest {
  let body: Promise<Buffer> | undefined;
  const bytes = (): Promise<Buffer> => (body ??= readBody(raw));
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  return {
    method: raw.method === 'HEAD' ? 'GET' : (raw.method as HttpMethod),
    params,
    query: url.searchParams,
    headers: raw.headers,
    bytes,
    json: async () => parseJson(await bytes()),
    raw,
    response,
    signal: gone.signal,
  };
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers });
  response.end(text);
}

/** Names under which clients reach this machine: its own, and Google's for those that come through a proxy setting. */
const knownHost =
  /^(127\.0\.0\.1|localhost|\[::1\]|metadata\.google\.internal|([a-z0-9-]+\.)*(googleapis\.com|pkg\.dev))(:\d+)?$/i;

/**
 * Builds run commands on this machine, so no web page may start one. A browser says where a request comes from
 * (`Origin`), and a name that was rebound to 127.0.0.1 shows in `Host`.
 */
function refuseForeignPages({ headers: { origin, host = '' } }: IncomingMessage): void {
  if (!knownHost.test(host)) {
    throw new ApiError(
      'PERMISSION_DENIED',
      `The local cloud does not answer for the host ${JSON.stringify(host)}`,
    );
  }
  if (origin !== undefined && origin !== `http://${host}`) {
    throw new ApiError(
      'PERMISSION_DENIED',
      `The local cloud takes no requests from the web page ${JSON.stringify(origin)}`,
    );
  }
}

/**
 * Hands each request to the room it is for. The template with the fewest wildcards wins; an unknown path answers 404 in
 * Google's form, so that a client library reports it as it would report Google's. Requests fail as `/local/faults` asks.
 */
export function createRequestListener(routes: readonly Route[], log: CloudContext['log']): RequestListener {
  const faults = createApiFaults();
  const compiled = [...routes, ...faults.routes]
    .map((route): CompiledRoute => ({
      method: route.method,
      template: compilePathTemplate(route.path),
      route,
    }))
    .sort((a, b) => a.template.wildcards - b.template.wildcards);

  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Reply | typeof handled> => {
    refuseForeignPages(request);
    const url = new URL(request.url ?? '/', 'http://local');
    // HEAD is answered as GET; Node leaves the body out by itself.
    const wanted = request.method === 'HEAD' ? 'GET' : request.method;
    for (const { method, template, route } of compiled) {
      if (method !== wanted) continue;
      const params = template.match(url.pathname);
      if (!params) continue;
      const carryOut = async (to: ServerResponse): Promise<Reply | typeof handled> => {
        const result = await route.handle(apiRequest(request, to, url, params));
        if (result === handled) return handled;
        return result instanceof Reply ? result : new Reply(200, result ?? {});
      };
      const fate = faults.plan(method, url.pathname);
      if (!fate) return carryOut(response);
      log('info', `fault: ${fate.fault ?? 'delay'} for ${method} ${url.pathname}`);
      return underFault(fate, { request, response, route, carryOut }, systemClock);
    }
    throw new ApiError('NOT_FOUND', `The local cloud has no ${request.method ?? 'GET'} ${url.pathname}`);
  };

  return (request, response) => {
    answer(request, response)
      .catch((thrown: unknown) => {
        const error = asApiError(thrown);
        if (error.code === 'INTERNAL') {
          const cause =
            error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : error.message;
          log('error', `${request.method ?? ''} ${request.url ?? ''}: ${cause}`);
        }
        return new Reply(error.httpStatus, error.toJson());
      })
      .then((result) => {
        if (result === handled) return;
        if (response.headersSent) response.destroy();
        else send(response, result);
      })
      .catch((error: unknown) => {
        log(
          'error',
          `${request.method ?? ''} ${request.url ?? ''}: the answer could not be written: ${String(error)}`,
        );
        response.destroy();
      });
  };
}

/**
 * As long as Google's front ends keep an idle connection. With Node's five seconds, a client on a busy machine would often
 * send into a connection that is just being closed.
 */
const keepAliveTimeoutMs = 600_000;

/** A server with the rooms' routes, which does not listen yet. */
export function createApiServer(routes: readonly Route[], log: CloudContext['log']): Server {
  return createServer({ keepAliveTimeout: keepAliveTimeoutMs }, createRequestListener(routes, log));
}
