import type { IncomingHttpHeaders } from 'node:http';

/** They speak of one connection, not of the request. RFC 9110, section 7.6.1 */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'],
  ...['trailer', 'upgrade'],
]);

/** Set anew below. */
const replaced = new Set(['x-forwarded-for', 'x-forwarded-proto', 'x-serverless-authorization', 'expect']);

function named(raw: readonly string[], name: string): string | undefined {
  for (let index = 0; index < raw.length; index += 2)
    if (raw[index]?.toLowerCase() === name) return raw[index + 1];
  return undefined;
}

/** The headers that the Connection header names go no further either. */
function connectionTokens(raw: readonly string[]): ReadonlySet<string> {
  const value = named(raw, 'connection');
  return new Set(value === undefined ? [] : value.toLowerCase().split(/\s*,\s*/));
}

function kept(raw: readonly string[], dropped: (name: string) => boolean): string[] {
  const tokens = connectionTokens(raw);
  const result: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const [name = '', value = ''] = [raw[index], raw[index + 1]];
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !tokens.has(lower) && !dropped(lower)) result.push(name, value);
  }
  return result;
}

export interface Forwarding {
  readonly remoteIp: string;
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly authorization: string | undefined;
  readonly upgrade: boolean;
}

/** The request's headers as the container gets them: a flat list of names and values, repeated ones kept apart. */
export function requestHeaders(
  raw: readonly string[],
  { remoteIp, traceId, spanId, authorization, upgrade }: Forwarding,
): string[] {
  const forwardedFor = named(raw, 'x-forwarded-for');
  const headers = kept(
    raw,
    (name) => replaced.has(name) || (name === 'authorization' && authorization !== undefined),
  );
  if (authorization !== undefined) headers.push('Authorization', authorization);
  headers.push('X-Forwarded-For', forwardedFor === undefined ? remoteIp : `${forwardedFor}, ${remoteIp}`);
  headers.push('X-Forwarded-Proto', 'http');
  if (named(raw, 'x-cloud-trace-context') === undefined)
    headers.push('X-Cloud-Trace-Context', `${traceId}/${BigInt(`0x${spanId}`)};o=1`);
  if (named(raw, 'traceparent') === undefined) headers.push('Traceparent', `00-${traceId}-${spanId}-01`);
  if (upgrade) headers.push('Connection', 'Upgrade', 'Upgrade', named(raw, 'upgrade') ?? 'websocket');
  return headers;
}

/**
 * The answer's headers as the client gets them, with a cookie of the platform's own. Node frames the body anew, so its
 * framing is left out.
 */
export const responseHeaders = (raw: readonly string[], setCookie?: string): string[] => [
  ...kept(raw, (name) => name === 'transfer-encoding'),
  ...(setCookie === undefined ? [] : ['Set-Cookie', setCookie]),
];

/** The trace that the caller has begun, if it has. https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceIdOf(headers: IncomingHttpHeaders): string | undefined {
  const cloud = headers['x-cloud-trace-context'];
  if (typeof cloud === 'string') return /^([0-9a-f]{32})(\/|$)/.exec(cloud)?.[1];
  const standard = headers.traceparent;
  return typeof standard === 'string' ? /^00-([0-9a-f]{32})-/.exec(standard)?.[1] : undefined;
}
