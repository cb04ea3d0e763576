import type { LogEntry } from '../core/links.ts';
import { entryHead, type NewLogEntry } from './log-entries.ts';
import { shortName } from './names.ts';

type Json = Record<string, unknown>;

const severities: ReadonlySet<string> = new Set<LogEntry['severity']>([
  ...(['DEFAULT', 'DEBUG', 'INFO', 'NOTICE', 'WARNING', 'ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY'] as const),
]);

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

const isSeverity = (value: unknown): value is LogEntry['severity'] =>
  typeof value === 'string' && severities.has(value);

/** The fields of a JSON line that stand for fields of the entry, and the rest of it. */
function structured(line: Json): Partial<NewLogEntry> {
  const {
    severity,
    httpRequest,
    'logging.googleapis.com/labels': labels,
    'logging.googleapis.com/trace': trace,
    ...payload
  } = line;
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

/**
 * The entry for one line that a container has written. A line that is a JSON object becomes a structured payload with
 * its own severity. https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
 */
export function outputEntry(
  revision: string,
  instanceId: string,
  stream: 'stdout' | 'stderr',
  line: string,
): NewLogEntry {
  const object = parseObject(line);
  const { labels, ...rest } = object ? structured(object) : { textPayload: line };
  return {
    ...entryHead(revision, shortName(revision), `run.googleapis.com/${stream}`),
    labels: { instanceId, ...labels },
    ...rest,
  };
}
