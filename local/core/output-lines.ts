import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { LogEntry } from './links.ts';

/** Longer lines are cut, as Cloud Logging limits an entry to 256 KB. */
const maxLineLength = 250_000;

/** Hands `onLine` every line of a stream, the last one also when it does not end. Empty lines are left out. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string): void => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text !== '') onLine(text);
  };
  const take = (text: string): void => {
    rest += text;
    for (;;) {
      const end = rest.indexOf('\n');
      if (end === -1 && rest.length < maxLineLength) return;
      const cut = end === -1 || end > maxLineLength ? maxLineLength : end;
      emit(rest.slice(0, cut));
      rest = rest.slice(cut === end ? cut + 1 : cut);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    take(decoder.write(chunk));
  });
  stream.once('end', () => {
    take(decoder.end());
    emit(rest);
    rest = '';
  });
}

type Json = Record<string, unknown>;

/** What one line of a process's output becomes in Cloud Logging. */
export type OutputPayload = Partial<
  Pick<LogEntry, 'textPayload' | 'jsonPayload' | 'severity' | 'httpRequest' | 'labels' | 'trace'>
>;

const severities: ReadonlySet<string> = new Set<LogEntry['severity']>([
  ...(['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'] as const),
]);

const isSeverity = (value: unknown): value is LogEntry['severity'] =>
  typeof value === 'string' && severities.has(value);

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseObject(line: string): Json | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    // A line that only looks like JSON is text.
    return undefined;
  }
}

/**
 * A line that is a JSON object becomes a structured payload with its own severity, any other a text.
 * https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
 */
export function outputPayload(line: string): OutputPayload {
  const object = parseObject(line);
  if (!object) return { textPayload: line };
  const {
    severity,
    httpRequest,
    'logging.googleapis.com/labels': labels,
    'logging.googleapis.com/trace': trace,
    ...payload
  } = object;
  const upper = typeof severity === 'string' ? severity.toUpperCase() : undefined;
  return {
    jsonPayload: payload,
    ...(isSeverity(upper) ? { severity: upper } : {}),
    ...(isRecord(httpRequest) ? { httpRequest } : {}),
    ...(isRecord(labels)
      ? { labels: Object.fromEntries(Object.entries(labels).map(([key, item]) => [key, String(item)])) }
      : {}),
    ...(typeof trace === 'string' ? { trace } : {}),
  };
}
