import { ApiError } from '../core/api-error.ts';
import type { LogEntry } from '../core/links.ts';
import { instantOf } from './instant.ts';
import { severityOf } from './severity.ts';

type Json = Record<string, unknown>;

/** What `entries:write` gives once for all of its entries. */
export interface WriteDefaults {
  readonly logName?: unknown;
  readonly resource?: unknown;
  readonly labels?: unknown;
}

const known = new Set([
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
  ...['operation', 'trace', 'spanId', 'traceSampled', 'sourceLocation', 'textPayload', 'jsonPayload'],
  'protoPayload',
]);

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const texts = (value: Json): Record<string, string> =>
  Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));

/**
 * One entry of `entries:write` as it is stored. `makeInsertId` gives an id to one that has none.
 * Throws INVALID_ARGUMENT that names the field.
 */
export function logEntryFrom(
  input: unknown,
  defaults: WriteDefaults,
  now: string,
  makeInsertId: () => string,
): LogEntry {
  const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);
  if (!isRecord(input)) throw invalid("Invalid value at 'entries': an entry must be an object");
  const unknown = Object.keys(input).find((key) => !known.has(key));
  if (unknown !== undefined)
    throw invalid(`Invalid JSON payload received. Unknown name "${unknown}" at 'entries'`);

  const logName = input.logName ?? defaults.logName;
  if (typeof logName !== 'string' || !/^projects\/[^/]+\/logs\/[^/]+$/.test(logName)) {
    throw invalid(
      `The log name ${JSON.stringify(logName ?? '')} is not projects/<project>/logs/<URL-encoded log id>`,
    );
  }
  const resource = input.resource ?? defaults.resource ?? { type: 'global', labels: {} };
  if (!isRecord(resource) || typeof resource.type !== 'string')
    throw invalid('The resource of an entry has no type');
  const given = input.timestamp ?? now;
  const timestamp = typeof given === 'string' ? instantOf(given) : undefined;
  if (timestamp === undefined)
    throw invalid(`The timestamp ${JSON.stringify(input.timestamp)} is not RFC 3339`);
  const severity = severityOf(input.severity ?? 'DEFAULT');
  if (severity === undefined) throw invalid(`Unknown severity: ${JSON.stringify(input.severity)}`);
  const payloads = ['textPayload', 'jsonPayload', 'protoPayload'].filter((key) => input[key] !== undefined);
  if (payloads.length > 1) throw invalid(`An entry has one payload, not ${payloads.join(' and ')}`);

  const labels = {
    ...(isRecord(defaults.labels) ? texts(defaults.labels) : {}),
    ...(isRecord(input.labels) ? texts(input.labels) : {}),
  };
  return {
    ...input,
    logName,
    resource: { type: resource.type, labels: isRecord(resource.labels) ? texts(resource.labels) : {} },
    timestamp,
    receiveTimestamp: now,
    severity,
    insertId: typeof input.insertId === 'string' ? input.insertId : makeInsertId(),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
}
