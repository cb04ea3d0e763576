import type { ModuleHost } from './module-host.ts';
import { errorCode } from './network-fault.ts';
import type { HttpAnswer, HttpRequest } from './messages.ts';

/** `content-type` → `Content-Type`: Go, so k6, shows the names of headers in this form. */
const canonical = (name: string): string =>
  name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

export function headersOf(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let n = 0; n + 1 < rawHeaders.length; n += 2) {
    const name = canonical(rawHeaders[n] ?? '');
    const value = rawHeaders[n + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return headers;
}

/** What the functions of `k6/http` return. https://grafana.com/docs/k6/latest/javascript-api/k6-http/response/ */
export function toResponse(
  request: HttpRequest,
  answer: HttpAnswer,
  responseType: 'text' | 'binary' | 'none',
  { parseJson, refuse }: Pick<ModuleHost, 'parseJson' | 'refuse'>,
): Readonly<Record<string, unknown>> {
  const unsupported = (what: string) => (): never => refuse(`Response.${what}`);
  const text = responseType === 'text' ? Buffer.from(answer.body).toString('utf8') : undefined;
  return {
    url: request.url,
    status: answer.status,
    status_text: answer.status === 0 ? '' : `${answer.status} ${answer.statusText}`,
    proto: answer.status === 0 ? '' : 'HTTP/1.1',
    headers: headersOf(answer.rawHeaders),
    body: responseType === 'none' ? null : (text ?? Uint8Array.from(answer.body).buffer),
    timings: answer.timings,
    error: answer.fault?.message ?? '',
    error_code: errorCode(answer.status, answer.fault),
    remote_ip: answer.remoteAddress,
    remote_port: answer.remotePort,
    request: {
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, [value]])),
      body: request.body === undefined ? '' : Buffer.from(request.body).toString('utf8'),
    },
    json(selector?: string): unknown {
      if (selector !== undefined) return unsupported('json with a selector')();
      if (text === undefined || text === '') throw new Error('the body is empty, so it is no JSON');
      return parseJson(text);
    },
    html: unsupported('html'),
    clickLink: unsupported('clickLink'),
    submitForm: unsupported('submitForm'),
    get cookies(): never {
      return unsupported('cookies')();
    },
  };
}
