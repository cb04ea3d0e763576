import type { Tone } from './service-view.ts';

/** `google.logging.v2.LogEntry` as JSON: what is shown of it. */
export interface EntryJson {
  readonly insertId?: string;
  readonly timestamp?: string;
  readonly severity?: string;
  readonly logName?: string;
  readonly resource?: { readonly type?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly textPayload?: string;
  readonly jsonPayload?: Readonly<Record<string, unknown>>;
  readonly protoPayload?: Readonly<Record<string, unknown>>;
  readonly httpRequest?: {
    readonly requestMethod?: string;
    readonly requestUrl?: string;
    readonly status?: number;
    readonly latency?: string;
  };
}

export interface EntryView {
  /** Tells entries apart. */
  readonly key: string;
  readonly timestamp: string;
  readonly severity: string;
  readonly tone: Tone | 'warn';
  /** Who wrote it: a service, a build, … */
  readonly source: string;
  /** Its log, without the project and the product: `stdout`, `requests`, … */
  readonly log: string;
  readonly message: string;
}

function toneOf(severity: string): EntryView['tone'] {
  switch (severity) {
    case 'EMERGENCY':
    case 'ALERT':
    case 'CRITICAL':
    case 'ERROR':
      return 'bad';
    case 'WARNING':
      return 'warn';
    case 'NOTICE':
    case 'INFO':
      return 'busy';
    default:
      return 'calm';
  }
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

function requestLine({
  requestMethod,
  status,
  requestUrl,
  latency,
}: NonNullable<EntryJson['httpRequest']>): string {
  const seconds = Number.parseFloat(latency ?? '');
  const time = Number.isNaN(seconds) ? undefined : `${Math.round(seconds * 1000)} ms`;
  return [requestMethod, status, requestUrl, time].filter((part) => part !== undefined).join(' ');
}

function auditLine(payload: Readonly<Record<string, unknown>>): string | undefined {
  const method = textOf(payload.methodName);
  const status = payload.status as { message?: unknown } | undefined;
  const message = textOf(status?.message);
  return method === undefined
    ? message
    : [method.slice(method.lastIndexOf('.') + 1), message].filter(Boolean).join(': ');
}

function messageOf({ textPayload, jsonPayload, protoPayload, httpRequest }: EntryJson): string {
  if (textPayload !== undefined) return textPayload;
  const said = jsonPayload && (textOf(jsonPayload.message) ?? textOf(jsonPayload.msg));
  if (said !== undefined) return said;
  const audited = protoPayload && auditLine(protoPayload);
  if (audited !== undefined) return audited;
  if (httpRequest) return requestLine(httpRequest);
  return JSON.stringify(jsonPayload ?? protoPayload ?? {});
}

function sourceOf({ resource }: EntryJson): string {
  const { service_name: service, build_id: build } = resource?.labels ?? {};
  return service ?? (build === undefined ? (resource?.type ?? '') : `build ${build.slice(0, 8)}`);
}

/** What the list of logs shows of an entry. */
export function entryView(entry: EntryJson): EntryView {
  const { insertId = '', timestamp = '', severity = 'DEFAULT', logName = '' } = entry;
  const logId = logName.slice(logName.lastIndexOf('/') + 1);
  let log = logId;
  try {
    log = decodeURIComponent(logId);
  } catch {
    // A name that is not well encoded is shown as it came.
  }
  return {
    key: `${timestamp} ${insertId}`,
    timestamp,
    severity,
    tone: toneOf(severity),
    source: sourceOf(entry),
    log: log.slice(log.indexOf('/') + 1),
    message: messageOf(entry),
  };
}
