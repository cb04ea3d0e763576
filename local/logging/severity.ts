import type { LogEntry } from '../core/links.ts';

export type Severity = LogEntry['severity'];

/** google.logging.type.LogSeverity: names with their numbers. */
const numbers: Readonly<Record<Severity, number>> = {
  DEFAULT: 0,
  DEBUG: 100,
  INFO: 200,
  NOTICE: 300,
  WARNING: 400,
  ERROR: 500,
  CRITICAL: 600,
  ALERT: 700,
  EMERGENCY: 800,
};

const byName = new Map(Object.entries(numbers));

/** The rank of a severity, given by name in any case or by number; undefined when it is none. */
export function severityRank(value: string): number | undefined {
  return byName.get(value.toUpperCase()) ?? (/^\d+$/.test(value) ? Number(value) : undefined);
}

/** The severity that `value` names or numbers, or undefined. */
export function severityOf(value: unknown): Severity | undefined {
  const text = String(value).toUpperCase();
  const found = Object.entries(numbers).find(([name, number]) => name === text || String(number) === text);
  return found ? (found[0] as Severity) : undefined;
}
