import type { Finding } from './probe-answer.ts';

const timeouts: ReadonlySet<string> = new Set([
  ...['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
]);
const refusals: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED'],
  ...['ERR_STREAM_PREMATURE_CLOSE', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'],
]);
/** Node's HTTP parsers and its decompression: there was an answer, but not one in HTTP. */
const garbled = /^(?:HPE_|Z_|UND_ERR_HEADERS_OVERFLOW|HTTPParserError)/;

/**
 * The innermost code of an error and its causes, for `fetch` wraps what really happened; where there is none, as with some
 * of its parser's errors, the innermost name. By shape and not by class: the errors come out of Node itself, whose classes
 * need not be those of this realm.
 */
function kindOf(error: unknown): { code: string | undefined; name: string | undefined } {
  let [code, name]: (string | undefined)[] = [];
  let cause = error;
  while (typeof cause === 'object' && cause !== null) {
    if ('code' in cause && typeof cause.code === 'string') code = cause.code;
    if ('name' in cause && typeof cause.name === 'string') name = cause.name;
    cause = 'cause' in cause ? cause.cause : undefined;
  }
  return { code, name };
}

/**
 * What it means that a request came to nothing. Only what the revision itself can be blamed for is a failure of it: a name
 * that does not resolve, a certificate, a missing route, a request that could not even be made are `unreachable`.
 */
export function failureOf(error: unknown, timeoutSeconds: number): Finding {
  const { code, name } = kindOf(error);
  const kind = code ?? name ?? 'Error';
  // The name is that of an AbortSignal's time limit.
  if (name === 'TimeoutError' || timeouts.has(kind))
    return { outcome: 'timeout', detail: `did not answer within ${timeoutSeconds} s` };
  if (kind === 'ECONNREFUSED') return { outcome: 'refused', detail: 'refused the connection' };
  if (refusals.has(kind)) return { outcome: 'refused', detail: `broke the connection off (${kind})` };
  if (garbled.test(kind))
    return { outcome: 'wrong-answer', detail: `did not answer in valid HTTP (${kind})` };
  return { outcome: 'unreachable', detail: `could not be asked (${kind})` };
}
