import protobuf from 'protobufjs';
import { camelCase } from '../core/proto-json.ts';
import type { ConfigIssue, ConfigPath } from './config-issue.ts';
import { durationMs } from './durations.ts';

type Json = Record<string, unknown>;

interface Reading {
  readonly issues: ConfigIssue[];
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'nothing'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'a mapping'
        : `${typeof value} ${JSON.stringify(value)}`;

/** Edit distance, capped: only near misses are worth a suggestion. */
function isNear(a: string, b: string): boolean {
  if (a.toLowerCase() === b.toLowerCase()) return true;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return (row[b.length] ?? 9) <= 2;
}

// A mapping of the text may well have a key "constructor", which every object inherits.
const ownField = (type: protobuf.Type, name: string): protobuf.Field | undefined =>
  Object.hasOwn(type.fields, name) ? type.fields[name] : undefined;

function readScalar(type: string, value: unknown, path: ConfigPath, { issues }: Reading): unknown {
  const refuse = (wanted: string): unknown => {
    issues.push({ path, message: `must be ${wanted}, not ${kindOf(value)}` });
    return undefined;
  };
  if (type === 'string' || type === 'bytes') {
    if (typeof value === 'string') return value;
    return refuse(
      typeof value === 'number' || typeof value === 'boolean'
        ? `a string (put ${String(value)} in quotes)`
        : 'a string',
    );
  }
  if (type === 'bool') return typeof value === 'boolean' ? value : refuse('true or false');
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) return refuse('a whole number');
  return type.endsWith('64') ? String(number) : number;
}

function readEnum(type: protobuf.Enum, value: unknown, path: ConfigPath, { issues }: Reading): unknown {
  const name = typeof value === 'number' ? type.valuesById[value] : value;
  if (typeof name === 'string' && Object.hasOwn(type.values, name)) return name;
  issues.push({
    path,
    message: `${JSON.stringify(value)} is not one of ${Object.keys(type.values).join(', ')}`,
  });
  return undefined;
}

function readSingle(field: protobuf.Field, value: unknown, path: ConfigPath, reading: Reading): unknown {
  const { resolvedType, type } = field.resolve();
  if (resolvedType === null) return readScalar(type, value, path, reading);
  if (resolvedType instanceof protobuf.Enum) return readEnum(resolvedType, value, path, reading);
  return readMessage(resolvedType, value, path, reading);
}

function readField(field: protobuf.Field, value: unknown, path: ConfigPath, reading: Reading): unknown {
  const refuse = (wanted: string): unknown => {
    reading.issues.push({ path, message: `must be ${wanted}, not ${kindOf(value)}` });
    return undefined;
  };
  if (field.map) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return refuse('a mapping of names to values');
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, readSingle(field, item, [...path, key], reading)]),
    );
  }
  if (field.repeated) {
    if (!Array.isArray(value)) return refuse('a list');
    return value.map((item, index) => readSingle(field, item, [...path, index], reading));
  }
  return readSingle(field, value, path, reading);
}

function readMessage(type: protobuf.Type, value: unknown, path: ConfigPath, reading: Reading): unknown {
  if (type.fullName === '.google.protobuf.Duration') {
    if (typeof value === 'string' && durationMs(value) !== undefined) return value;
    reading.issues.push({
      path,
      message: `must be a duration in seconds such as "600s", not ${kindOf(value)}`,
    });
    return undefined;
  }
  if (type.fullName === '.google.protobuf.Timestamp') return readScalar('string', value, path, reading);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reading.issues.push({ path, message: `must be a mapping, not ${kindOf(value)}` });
    return undefined;
  }
  const result: Json = {};
  const oneofs = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) {
    const field = ownField(type, key) ?? ownField(type, camelCase(key));
    const here = [...path, key];
    if (!field) {
      const near = Object.keys(type.fields).find((name) => isNear(name, camelCase(key)));
      reading.issues.push({
        path: here,
        message: `unknown field of ${type.name}${near === undefined ? '' : `; did you mean "${near}"?`}`,
      });
      continue;
    }
    if (item === null || item === undefined) continue;
    const oneof = field.partOf;
    if (oneof && oneof.oneof.length > 1) {
      const other = oneofs.get(oneof.name);
      if (other !== undefined)
        reading.issues.push({
          path: here,
          message: `cannot stand beside "${other}": only one of ${oneof.oneof.join(', ')}`,
        });
      oneofs.set(oneof.name, key);
    }
    result[field.name] = readField(field, item, here, reading);
  }
  return result;
}

/**
 * `value` read as a message of `type`: the proto3 JSON form with lowerCamelCase names, and everything that does not
 * fit, each with its place. snake_case names are taken too, as everywhere in proto3 JSON.
 */
export function readShape(type: protobuf.Type, value: unknown): { value: unknown; issues: ConfigIssue[] } {
  const reading: Reading = { issues: [] };
  return { value: readMessage(type, value, [], reading), issues: reading.issues };
}
