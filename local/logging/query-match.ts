import { ApiError } from '../core/api-error.ts';
import { entryPath, fieldValues, leaves } from './entry-fields.ts';
import { instantOf } from './instant.ts';
import type { Query } from './query-parser.ts';
import type { Operator } from './query-tokens.ts';
import { severityRank } from './severity.ts';

export type EntryTest = (entry: object) => boolean;

type Comparison = Extract<Query, { kind: 'compare' }>;

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

function holds(operator: Operator, order: number): boolean {
  switch (operator) {
    case '=':
    case ':':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '=~':
    case '!~':
      return false;
  }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const numberOf = (text: string): number | undefined =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;

/** `0.25s`, as the latency of a request is written. */
const secondsOf = (text: string): number | undefined =>
  /^-?\d+(\.\d+)?s$/.test(text) ? Number(text.slice(0, -1)) : undefined;

/** Text is compared without regard to case, as Cloud Logging does everywhere but in regular expressions. */
function orderOf(actual: unknown, value: string): number | undefined {
  if (actual === null) return value === 'NULL_VALUE' ? 0 : undefined;
  if (typeof actual === 'boolean') return compareTexts(String(actual), value.toLowerCase());
  if (typeof actual === 'number') {
    const wanted = numberOf(value);
    return wanted === undefined ? undefined : actual - wanted;
  }
  if (typeof actual !== 'string') return undefined;
  for (const read of [numberOf, secondsOf]) {
    const [a, b] = [read(actual), read(value)];
    if (a !== undefined && b !== undefined) return a - b;
  }
  return compareTexts(actual.toLowerCase(), value.toLowerCase());
}

function regularExpression(pattern: string): RegExp {
  // RE2's leading flag group; JavaScript has flags of its own for it.
  const [, flags = '', body = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(pattern) ?? [];
  try {
    return new RegExp(body, `${flags}u`);
  } catch (cause) {
    throw new ApiError('INVALID_ARGUMENT', `Invalid regular expression: ${pattern}`, { cause });
  }
}

/** Whether `wanted` (in lower case) stands anywhere within `value`. */
function holdsText(value: object, wanted: string): boolean {
  for (const leaf of leaves(value)) if (leaf.toLowerCase().includes(wanted)) return true;
  return false;
}

function has(actual: unknown, value: string): boolean {
  const wanted = value.toLowerCase();
  if (typeof actual === 'string') return actual.toLowerCase().includes(wanted);
  if (typeof actual === 'object' && actual !== null) {
    if (Object.hasOwn(actual, value)) return true;
    return holdsText(actual, wanted);
  }
  return orderOf(actual, value) === 0;
}

/** How one value of the field is ordered against the query's: by rank, in time, or by what it holds. */
function ordering(path: readonly string[], value: string): (actual: unknown) => number | undefined {
  const [field] = path;
  if (path.length === 1 && field === 'severity') {
    const wanted = severityRank(value);
    if (wanted === undefined) throw invalid(`Unknown severity: ${value}`);
    return (actual) => (severityRank(String(actual)) ?? 0) - wanted;
  }
  if (path.length === 1 && (field === 'timestamp' || field === 'receiveTimestamp')) {
    const wanted = instantOf(value);
    if (wanted === undefined) throw invalid(`Invalid timestamp: ${value}`);
    return (actual) => compareTexts(instantOf(String(actual)) ?? '', wanted);
  }
  return (actual) => orderOf(actual, value);
}

function comparison({ path: written, operator, value, quoted }: Comparison): EntryTest {
  const path = entryPath(written);
  if (operator === ':' && value === '*' && !quoted) {
    return (entry) => fieldValues(entry, path).some((actual) => actual !== '' && actual !== 0);
  }
  if (operator === '=~' || operator === '!~') {
    const expression = regularExpression(value);
    return (entry) => {
      const actual = fieldValues(entry, path).filter((item) => typeof item === 'string');
      return operator === '=~'
        ? actual.some((text) => expression.test(text))
        : actual.length > 0 && !actual.some((text) => expression.test(text));
    };
  }
  const order = ordering(path, value);
  const isText = path.length > 1 || !['severity', 'timestamp', 'receiveTimestamp'].includes(path[0] ?? '');
  if (operator === ':' && isText) {
    return (entry) => fieldValues(entry, path).some((actual) => has(actual, value));
  }
  if (operator === '!=') {
    return (entry) => {
      const actual = fieldValues(entry, path);
      return actual.length > 0 && !actual.some((item) => order(item) === 0);
    };
  }
  return (entry) =>
    fieldValues(entry, path).some((actual) => {
      const found = order(actual);
      return found !== undefined && holds(operator, found);
    });
}

/**
 * Compiles a query. A comparison with a field that is missing does not hold, whatever the operator.
 * Throws INVALID_ARGUMENT for a field that LogEntry has not got and for a value that its field cannot have.
 */
export function compileQuery(query: Query): EntryTest {
  switch (query.kind) {
    case 'and': {
      const parts = query.parts.map(compileQuery);
      return (entry) => parts.every((part) => part(entry));
    }
    case 'or': {
      const parts = query.parts.map(compileQuery);
      return (entry) => parts.some((part) => part(entry));
    }
    case 'not': {
      const part = compileQuery(query.part);
      return (entry) => !part(entry);
    }
    case 'compare':
      return comparison(query);
    case 'text':
      return (entry) => holdsText(entry, query.value.toLowerCase());
    case 'log-id': {
      const ending = `/logs/${encodeURIComponent(query.id)}`;
      return (entry) => String((entry as { logName?: unknown }).logName).endsWith(ending);
    }
  }
}

/** The span of time that a query can only match within, as instants; what it does not limit is left out. */
export function timeBounds(query: Query): { from?: string; to?: string } {
  if (query.kind === 'compare' && query.path.join('.') === 'timestamp') {
    const instant = instantOf(query.value);
    if (instant === undefined) return {};
    return {
      ...(['>', '>=', '='].includes(query.operator) ? { from: instant } : {}),
      ...(['<', '<=', '='].includes(query.operator) ? { to: instant } : {}),
    };
  }
  if (query.kind !== 'and') return {};
  const parts = query.parts.map(timeBounds);
  const from = parts
    .flatMap((part) => part.from ?? [])
    .sort()
    .at(-1);
  const to = parts.flatMap((part) => part.to ?? []).sort()[0];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}
