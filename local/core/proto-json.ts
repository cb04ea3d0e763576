import type { Enum, Field, Type } from 'protobufjs';
import { ApiError } from './api-error.ts';

type Json = Record<string, unknown>;

/** Types whose JSON form is not that of their fields. https://protobuf.dev/programming-guides/json/ */
const wellKnown = new Set([
  'Timestamp',
  'Duration',
  'FieldMask',
  'Struct',
  'Value',
  'ListValue',
  'Any',
  'Empty',
  'BoolValue',
  'StringValue',
  'BytesValue',
  'DoubleValue',
  'FloatValue',
  'Int32Value',
  'Int64Value',
  'UInt32Value',
  'UInt64Value',
]);

const integers = new Set(['int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);
const longs = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

export const camelCase = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function scalar(type: string, value: unknown, place: string): unknown {
  const refuse = (): never => {
    throw invalid(`Invalid value at '${place}' (TYPE_${type.toUpperCase()}), ${JSON.stringify(value)}`);
  };
  if (type === 'string') return typeof value === 'string' ? value : refuse();
  if (type === 'bool') {
    if (value === 'true' || value === 'false') return value === 'true';
    return typeof value === 'boolean' ? value : refuse();
  }
  if (type === 'bytes') {
    if (typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return value;
    // Not quoted: it may be the payload of a secret.
    throw invalid(`Invalid value at '${place}' (TYPE_BYTES), Base64 decoding failed`);
  }
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) return refuse();
  if (longs.has(type)) return Number.isInteger(number) ? String(value) : refuse();
  if (integers.has(type)) return Number.isInteger(number) ? number : refuse();
  return number;
}

function enumValue(type: Enum, value: unknown, place: string): string {
  const name = typeof value === 'number' ? type.valuesById[value] : String(value);
  // The object's prototype maps numbers to names, so "1" would be `in` it.
  if (name !== undefined && Object.hasOwn(type.values, name)) return name;
  // Numbers may come as strings from query parameters ($alt=json;enum-encoding=int).
  const byNumber =
    typeof value === 'string' && /^-?\d+$/.test(value) ? type.valuesById[Number(value)] : undefined;
  if (byNumber !== undefined) return byNumber;
  throw invalid(`Invalid value at '${place}' (${type.fullName.slice(1)}), ${JSON.stringify(value)}`);
}

function single(field: Field, value: unknown, place: string): unknown {
  const resolved = field.resolve().resolvedType;
  if (resolved === null) return scalar(field.type, value, place);
  if ('values' in resolved) return enumValue(resolved, value, place);
  return normalise(resolved, value, place);
}

function fieldValue(field: Field, value: unknown, place: string): unknown {
  if (field.map) {
    if (kindOf(value) !== 'object') throw invalid(`Invalid value at '${place}' (map): it must be an object`);
    return Object.fromEntries(
      Object.entries(value as Json).map(([key, item]) => [
        key,
        single(field, item, `${place}[${JSON.stringify(key)}]`),
      ]),
    );
  }
  if (field.repeated) {
    if (!Array.isArray(value)) throw invalid(`Invalid value at '${place}' (repeated): it must be a list`);
    return value.map((item, index) => single(field, item, `${place}[${index}]`));
  }
  return single(field, value, place);
}

/**
 * The canonical proto3 JSON of `value` read as `type`: lowerCamelCase names, enums by name, 64-bit integers as
 * strings, nulls left out. Throws INVALID_ARGUMENT, in Google's words, for what the type has not got.
 */
export function normalise(type: Type, value: unknown, place = ''): unknown {
  if (type.fullName.startsWith('.google.protobuf.') && wellKnown.has(type.name)) return value;
  if (kindOf(value) !== 'object') {
    throw invalid(`Invalid value at '${place}' (${type.fullName.slice(1)}): it must be an object`);
  }
  const byName = new Map(
    type.fieldsArray.flatMap((field) => [
      [field.name, field] as const,
      [camelCase(field.name), field] as const,
    ]),
  );
  const result: Json = {};
  for (const [key, item] of Object.entries(value as Json)) {
    const field = byName.get(key);
    const where = place === '' ? key : `${place}.${key}`;
    if (!field) {
      throw invalid(
        `Invalid JSON payload received. Unknown name "${key}"${place === '' ? '' : ` at '${place}'`}: Cannot find field.`,
      );
    }
    if (item === null || item === undefined) continue;
    result[camelCase(field.name)] = fieldValue(field, item, where);
  }
  return result;
}
