import protobuf from 'protobufjs';
import { ApiError } from '../core/api-error.ts';
import { camelCase } from '../core/proto-json.ts';
import type { Build } from './build-types.ts';
import { parseFilter, type FilterNode, type Operator } from './filter-syntax.ts';

/** Names that the filter language has for fields of another name. */
const aliases: Readonly<Record<string, string>> = {
  build_id: 'id',
  trigger_id: 'build_trigger_id',
  trigger_name: 'substitutions.TRIGGER_NAME',
};

interface FieldReference {
  readonly path: readonly string[];
  readonly isTimestamp: boolean;
}

/** The field that `name` (snake_case or camelCase, dotted) is of a Build; INVALID_ARGUMENT when there is none. */
function resolveField(type: protobuf.Type, name: string): FieldReference {
  const parts = (aliases[name] ?? name).split('.');
  const path: string[] = [];
  let current: protobuf.Type | undefined = type;
  let isTimestamp = false;
  for (let index = 0; index < parts.length; index += 1) {
    const part = camelCase(parts[index] ?? '');
    const fields: Record<string, protobuf.Field> = current?.fields ?? {};
    const field = Object.hasOwn(fields, part) ? fields[part] : undefined;
    if (!field) throw new ApiError('INVALID_ARGUMENT', `Invalid filter: "${name}" is no field of a build`);
    path.push(part);
    field.resolve();
    isTimestamp = field.type === 'google.protobuf.Timestamp';
    if (field.map) {
      const key = parts[index + 1];
      if (key === undefined) throw new ApiError('INVALID_ARGUMENT', `Invalid filter: "${name}" needs a key`);
      path.push(key);
      index += 1;
    }
    current = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
  }
  return { path, isTimestamp };
}

function valuesAt(value: unknown, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path));
  const [head, ...rest] = path;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return head === undefined ? [String(value)] : [];
  }
  if (typeof value !== 'object' || value === null || head === undefined || !Object.hasOwn(value, head))
    return [];
  return valuesAt((value as Record<string, unknown>)[head], rest);
}

function compare(operator: Operator, actual: string, wanted: string, isTimestamp: boolean): boolean {
  const [a, b] = isTimestamp ? [Date.parse(actual), Date.parse(wanted)] : [actual, wanted];
  switch (operator) {
    case '=':
    case ':':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

function predicate(type: protobuf.Type, node: FilterNode): (build: Build) => boolean {
  switch (node.kind) {
    case 'and': {
      const all = node.nodes.map((each) => predicate(type, each));
      return (build) => all.every((each) => each(build));
    }
    case 'or': {
      const any = node.nodes.map((each) => predicate(type, each));
      return (build) => any.some((each) => each(build));
    }
    case 'not': {
      const inner = predicate(type, node.node);
      return (build) => !inner(build);
    }
    case 'compare': {
      const { path, isTimestamp } = resolveField(type, node.field);
      const bad = isTimestamp ? node.values.find((value) => Number.isNaN(Date.parse(value))) : undefined;
      if (bad !== undefined)
        throw new ApiError('INVALID_ARGUMENT', `Invalid filter: "${bad}" is no timestamp`);
      const { operator, values } = node;
      if (operator === '!=') {
        return (build) =>
          !valuesAt(build, path).some((actual) =>
            values.some((wanted) => compare('=', actual, wanted, isTimestamp)),
          );
      }
      return (build) =>
        valuesAt(build, path).some((actual) =>
          values.some((wanted) => compare(operator, actual, wanted, isTimestamp)),
        );
    }
  }
}

/**
 * The test that a ListBuilds filter stands for. Fields are those of the Build type, and `trigger_id`, `build_id`;
 * a field that is a list matches when any of its entries does. Throws INVALID_ARGUMENT.
 */
export function buildFilter(type: protobuf.Type, filter: string): (build: Build) => boolean {
  return filter.trim() === '' ? () => true : predicate(type, parseFilter(filter));
}
