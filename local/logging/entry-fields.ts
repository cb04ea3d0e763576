import { ApiError } from '../core/api-error.ts';
import { camelCase } from '../core/proto-json.ts';

/** What a field of LogEntry is when an entry does not have it; a field that is no scalar has no such value. */
const defaults: Readonly<Record<string, unknown>> = {
  logName: '',
  insertId: '',
  textPayload: '',
  trace: '',
  spanId: '',
  traceSampled: false,
  'resource.type': '',
  'httpRequest.requestMethod': '',
  'httpRequest.requestUrl': '',
  'httpRequest.requestSize': 0,
  'httpRequest.responseSize': 0,
  'httpRequest.status': 0,
  'httpRequest.userAgent': '',
  'httpRequest.remoteIp': '',
  'httpRequest.latency': '0s',
  'operation.id': '',
  'operation.producer': '',
};

const topLevel = new Set([
  ...[
    'logName',
    'resource',
    'timestamp',
    'receiveTimestamp',
    'severity',
    'insertId',
    'httpRequest',
    'labels',
  ],
  ...['metadata', 'operation', 'trace', 'spanId', 'traceSampled', 'sourceLocation', 'split', 'errorGroups'],
  ...['textPayload', 'jsonPayload', 'protoPayload'],
]);

/** The path as an entry spells it (`http_request` is `httpRequest`); INVALID_ARGUMENT for a field that no LogEntry has. */
export function entryPath(path: readonly string[]): readonly string[] {
  const [first = '', ...rest] = path;
  const head = topLevel.has(first) ? first : camelCase(first);
  if (!topLevel.has(head)) throw new ApiError('INVALID_ARGUMENT', `Field not found: '${path.join('.')}'.`);
  if (rest.includes(''))
    throw new ApiError('INVALID_ARGUMENT', `Unparseable field path: '${path.join('.')}'`);
  const typed = ['httpRequest', 'operation', 'sourceLocation'].includes(head);
  return [head, ...(typed ? rest.map(camelCase) : rest)];
}

function collect(value: unknown, path: readonly string[], found: unknown[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, found);
    return;
  }
  const [key, ...rest] = path;
  if (key === undefined) {
    if (value !== undefined) found.push(value);
    return;
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return;
  collect((value as Record<string, unknown>)[key], rest, found);
}

/**
 * Every value that `path` (from `entryPath`) names: one for each element of the lists on the way. A field that
 * LogEntry defines has its default when it is not set; one of a payload or a label that is not set is missing.
 */
export function fieldValues(entry: object, path: readonly string[]): unknown[] {
  const found: unknown[] = [];
  collect(entry, path, found);
  if (found.length > 0) return found;
  const byDefault = defaults[path.join('.')];
  return byDefault === undefined ? [] : [byDefault];
}

/** Every text, number and boolean within `value`. */
export function* leaves(value: unknown): Generator<string> {
  if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) yield* leaves(item);
  } else if (value !== null && value !== undefined) {
    yield typeof value === 'string' ? value : JSON.stringify(value);
  }
}
