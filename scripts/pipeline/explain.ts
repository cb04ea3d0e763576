import { z } from 'zod';
import { didYouMean } from './nearest.ts';
import { shapeOf, unwrap } from './partial.ts';
import { find, nameOf } from './placed.ts';
import type { Finding, Placed } from './placed.ts';

/** What is wrong with a value that the schema refused, in sentences, each at its place. */
export function explain(error: z.ZodError | undefined, schema: z.core.$ZodType, tree: Placed): Finding[] {
  return (error?.issues ?? []).flatMap((issue) => explainIssue(issue, schema, tree));
}

function explainIssue(issue: z.core.$ZodIssue, root: z.core.$ZodType, tree: Placed): Finding[] {
  const node = find(tree, issue.path);
  if (node === undefined) return [missing(issue, root, tree)];
  const schema = schemaAt(root, issue.path);
  const finding = (rule: string): Finding => ({
    at: node.kind === 'map' ? node.keyAt : node.at,
    path: node.path,
    rule,
  });
  const name = nameOf(node.path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysOf(schema);
      return issue.keys.map((key) => ({
        at: node.kind === 'map' ? (node.entries.get(key)?.keyAt ?? node.at) : node.at,
        path: [...node.path, key],
        rule: `${name} has no key ${JSON.stringify(key)}${didYouMean(key, known)}; known keys: ${known.join(', ')}`,
      }));
    }
    case 'invalid_key': {
      const parent = nameOf(node.path.slice(0, -1));
      const key = JSON.stringify(node.path.at(-1));
      return issue.issues.map(({ message }) => ({
        at: node.keyAt,
        path: node.path,
        rule: `${key} in ${parent} ${message}`,
      }));
    }
    case 'too_small':
    case 'too_big':
      return [finding(`${name} ${wrongLength(issue, node) ?? mismatch(schema, node)}`)];
    case 'invalid_type':
    case 'invalid_value':
      return [finding(`${name} ${mismatch(schema, node)}`)];
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_element':
    case 'custom':
      return [finding(node.kind === 'scalar' ? `${name} ${issue.message}` : `${name}: ${issue.message}`)];
  }
}

/** The place of a missing key is the map that lacks it. */
function missing({ path }: z.core.$ZodIssue, root: z.core.$ZodType, tree: Placed): Finding {
  const parent = find(tree, path.slice(0, -1)) ?? tree;
  const schema = schemaAt(root, path);
  const description = schema === undefined ? undefined : z.globalRegistry.get(schema)?.description;
  const meaning = description === undefined ? '' : `: ${description.replace(/\.$/, '')}`;
  return {
    at: parent.keyAt,
    path: parent.path,
    rule: `${nameOf(parent.path)} lacks the key ${JSON.stringify(String(path.at(-1)))}${meaning}`,
  };
}

/** A list or a text that is too short or too long; a number is told its range instead. */
function wrongLength(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  node: Placed,
): string | undefined {
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  const value = node.kind === 'list' ? node.items : node.kind === 'scalar' ? node.value : undefined;
  if (typeof value !== 'string' && !Array.isArray(value)) return undefined;
  if (value.length === 0) return 'must not be empty';
  return `must have ${bound} ${typeof value === 'string' ? 'characters' : 'entries'}, not ${value.length}`;
}

function mismatch(schema: z.core.$ZodType | undefined, node: Placed): string {
  const wanted = schema === undefined ? 'something else' : expectation(schema);
  if (node.kind !== 'scalar') return `must be ${wanted}, not a ${node.kind}`;
  const { value } = node;
  if (value === null) return `is empty; it must be ${wanted}`;
  if (typeof value !== 'string') {
    const hint = wanted === 'text' ? '; put it in quotes' : '';
    return `must be ${wanted}, not ${typeof value === 'number' ? 'the number ' : ''}${value}${hint}`;
  }
  return `must be ${wanted}, not the text ${JSON.stringify(value)}${didYouMean(value, optionsOf(schema))}`;
}

function expectation(wrapped: z.core.$ZodType): string {
  const schema = unwrap(wrapped);
  if (schema instanceof z.ZodNumber) {
    const kind = schema.format === 'safeint' ? 'a whole number' : 'a number';
    const { minValue, maxValue } = schema;
    if (maxValue === Number.MAX_SAFE_INTEGER) return `${kind} from ${minValue} on`;
    return `${kind} from ${minValue ?? 'any'} to ${maxValue ?? 'any'}`;
  }
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodArray) return 'a list';
  if (schema instanceof z.ZodRecord) return 'a map';
  if (schema instanceof z.ZodObject) return `a map with the keys ${keysOf(schema).join(', ')}`;
  const options = optionsOf(schema);
  return options.length === 1 ? options.join() : `one of ${options.join(', ')}`;
}

function keysOf(wrapped: z.core.$ZodType | undefined): string[] {
  const schema = wrapped === undefined ? undefined : unwrap(wrapped);
  return schema instanceof z.ZodObject ? Object.keys(shapeOf(schema)) : [];
}

function optionsOf(wrapped: z.core.$ZodType | undefined): string[] {
  const schema = wrapped === undefined ? undefined : unwrap(wrapped);
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  return schema instanceof z.ZodLiteral ? [...schema.values].map(String) : [];
}

/** The schema for what stands under a path. */
function schemaAt(root: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  return path.reduce<z.core.$ZodType | undefined>((wrapped, key) => {
    const schema = wrapped === undefined ? undefined : unwrap(wrapped);
    if (schema instanceof z.ZodObject) return shapeOf(schema)[String(key)];
    if (schema instanceof z.ZodRecord) return schema.valueType;
    return schema instanceof z.ZodArray ? schema.element : undefined;
  }, root);
}
