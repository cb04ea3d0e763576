import { onlyKnown, requestsOf, type ModuleHost } from './module-host.ts';
import { parseDurationMs } from './duration.ts';
import type { HttpAnswer, HttpRequest } from './messages.ts';
import type { Modules } from './module-names.ts';
import { errorCode } from './network-fault.ts';
import type { RequestOptions } from './options.ts';
import { headersOf, toResponse } from './response.ts';

interface StatusRule {
  readonly expects: (status: number) => boolean;
}

interface Params {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, unknown>>;
  readonly timeout?: string | number;
  readonly redirects?: number;
  readonly responseType?: 'text' | 'binary' | 'none';
  readonly responseCallback?: StatusRule | null;
}

const knownParams = ['headers', 'tags', 'timeout', 'redirects', 'responseType', 'responseCallback'];
const defaultTimeoutMs = 60_000;

const texts = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

/** A body and the type it has unless a header says so. An object is a form. */
function encodeBody(host: ModuleHost, body: unknown): { bytes: Uint8Array | undefined; type?: string } {
  if (body === undefined || body === null) return { bytes: undefined };
  if (typeof body === 'string') return { bytes: Buffer.from(body) };
  if (Object.prototype.toString.call(body) === '[object ArrayBuffer]')
    return { bytes: new Uint8Array(body as ArrayBuffer) };
  if (typeof body === 'object' && !ArrayBuffer.isView(body))
    return {
      bytes: Buffer.from(new URLSearchParams(texts(body as Record<string, unknown>)).toString()),
      type: 'application/x-www-form-urlencoded',
    };
  return host.refuse('a request body that is no string, object or ArrayBuffer');
}

function nextMethod(status: number, method: string): string {
  if (status === 303) return method === 'HEAD' ? 'HEAD' : 'GET';
  return (status === 301 || status === 302) && method === 'POST' ? 'GET' : method;
}

/** The module `k6/http`. https://grafana.com/docs/k6/latest/javascript-api/k6-http/ */
export function createHttpModule(host: ModuleHost): Modules['k6/http'] {
  let standing: StatusRule | null = { expects: (status) => status >= 200 && status < 400 };

  const wait = (id: number): HttpAnswer => {
    for (;;) {
      const message = host.port.receive(Infinity);
      // Others are about requests that were broken off.
      if (message?.kind === 'http' && message.id === id) return message;
    }
  };

  const measure = (
    request: HttpRequest,
    answer: HttpAnswer,
    tags: Readonly<Record<string, string>>,
    rule: StatusRule | null,
  ): void => {
    const { timings, fault, status } = answer;
    const code = errorCode(status, fault);
    const expected = rule?.expects(status) ?? true;
    host.record({
      tags: {
        ...host.running().tags,
        name: request.url,
        url: request.url,
        method: request.method,
        status: String(status),
        ...(status === 0 ? {} : { proto: 'HTTP/1.1' }),
        ...(code === 0 ? {} : { error_code: String(code) }),
        ...(fault ? { error: fault.message } : {}),
        ...(rule ? { expected_response: String(expected) } : {}),
        ...tags,
      },
      values: [
        ['http_reqs', 1],
        ['http_req_duration', timings.duration],
        ['http_req_blocked', timings.blocked],
        ['http_req_connecting', timings.connecting],
        ['http_req_tls_handshaking', timings.tls_handshaking],
        ['http_req_sending', timings.sending],
        ['http_req_waiting', timings.waiting],
        ['http_req_receiving', timings.receiving],
        ...(rule ? ([['http_req_failed', expected ? 0 : 1]] as const) : []),
        ['data_sent', answer.bytesSent],
        ['data_received', answer.bytesReceived],
      ],
    });
  };

  const send = (
    method: string,
    url: string,
    headers: Record<string, string>,
    body: Uint8Array | undefined,
    timeoutMs: number,
    options: RequestOptions,
  ): readonly [HttpRequest, HttpAnswer] => {
    const request: HttpRequest = {
      kind: 'http',
      id: host.nextId(),
      method,
      url,
      headers: {
        ...headers,
        ...(body === undefined && ['GET', 'HEAD'].includes(method)
          ? {}
          : { 'content-length': String(body?.length ?? 0) }),
      },
      body,
      timeoutMs,
      reuse: !options.noConnectionReuse,
      rejectUnauthorized: !options.insecureSkipTlsVerify,
    };
    host.flush();
    host.port.post(request);
    return [request, wait(request.id)];
  };

  const ask = (
    firstMethod: string,
    target: unknown,
    body: unknown,
    given: Params | null | undefined,
  ): unknown => {
    const options = requestsOf(host, 'http');
    const params = given ?? {};
    onlyKnown(host, 'http params', params, knownParams);
    const timeoutMs = parseDurationMs(params.timeout ?? defaultTimeoutMs);
    if (timeoutMs === undefined)
      throw new Error(`http params: timeout ${String(params.timeout)} is no duration`);
    const rule = params.responseCallback === undefined ? standing : params.responseCallback;
    const encoded = encodeBody(host, body);
    const headers: Record<string, string> = { 'user-agent': options.userAgent };
    if (encoded.type !== undefined) headers['content-type'] = encoded.type;
    for (const [name, value] of Object.entries(texts(params.headers ?? {})))
      headers[name.toLowerCase()] = value;

    let url = new URL(String(target));
    if (!['http:', 'https:'].includes(url.protocol))
      throw new Error(`http: ${url.protocol} is no scheme of HTTP`);
    let method = firstMethod;
    let bytes = encoded.bytes;
    for (let left = params.redirects ?? options.maxRedirects; ; left -= 1) {
      const [request, answer] = send(method, url.href, headers, bytes, timeoutMs, options);
      measure(request, answer, texts(params.tags ?? {}), rule);
      const { Location: location, ...others } = headersOf(answer.rawHeaders);
      if (others['Set-Cookie'] !== undefined)
        host.warnOnce(`${url.origin} sets a cookie; this runner, unlike k6, sends none back`);
      if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined || left <= 0) {
        if (answer.fault && options.throwOnFailure)
          throw new Error(`${method} ${url.href}: ${answer.fault.message}`);
        const responseType = params.responseType ?? (options.discardResponseBodies ? 'none' : 'text');
        return toResponse(request, answer, responseType, host);
      }
      const to = new URL(location, url);
      // Whoever is asked next must not learn what was meant for this one.
      if (to.host !== url.host) delete headers.authorization;
      const next = nextMethod(answer.status, method);
      if (next !== method) {
        bytes = undefined;
        delete headers['content-type'];
      }
      [url, method] = [to, next];
    }
  };

  const withBody = (method: string) => (url: unknown, body?: unknown, params?: Params | null) =>
    ask(method, url, body, params);
  const without = (method: string) => (url: unknown, params?: Params | null) =>
    ask(method, url, undefined, params);

  return {
    get: without('GET'),
    head: without('HEAD'),
    post: withBody('POST'),
    put: withBody('PUT'),
    patch: withBody('PATCH'),
    del: withBody('DELETE'),
    options: withBody('OPTIONS'),
    request: (method: string, url: unknown, body?: unknown, params?: Params | null) =>
      ask(method.toUpperCase(), url, body, params),
    expectedStatuses: (
      ...statuses: readonly (number | { readonly min: number; readonly max: number })[]
    ): StatusRule => ({
      expects: (status) =>
        statuses.some((each) =>
          typeof each === 'number' ? each === status : each.min <= status && status <= each.max,
        ),
    }),
    setResponseCallback: (rule: StatusRule | null): void => {
      standing = rule;
    },
  };
}
