import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { formatErrors } from '../../../scripts/pipeline/errors.ts';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import { shapeOf, unwrap } from '../../../scripts/pipeline/partial.ts';
import { pipelineFile } from '../../../scripts/pipeline/schema.ts';

const documentation = readFileSync(new URL('../../../docs/pipeline.md', import.meta.url), 'utf8');

test.each(['production', 'staging', 'local'])(
  'the full example of docs/pipeline.md holds in %s',
  (environment) => {
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(documentation) ?? [];
    const result = loadPipeline(example, { file: 'docs/pipeline.md', environment });
    expect(result.ok ? '' : formatErrors(result.errors)).toBe('');
  },
);

/** The keys of the table under a heading, each with its default. */
function documented(heading: string): Record<string, string> {
  const section = documentation.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.matchAll(/^\| `(\w+)`\s*\|[^|]*\|\s*([^|]*?)\s*\|/gm);
  return Object.fromEntries([...rows].map(([, key = '', value = '']): [string, string] => [key, value]));
}

/** What the table has to say about the keys of a schema. */
function declared(schema: z.core.$ZodType | undefined): Record<string, string> {
  const object = schema === undefined ? undefined : unwrap(schema);
  if (!(object instanceof z.ZodObject)) throw new Error('not an object');
  return Object.fromEntries(Object.entries(shapeOf(object)).map(([key, value]) => [key, defaultOf(value)]));
}

function defaultOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodPrefault) return 'see below';
  if (schema instanceof z.ZodOptional) return 'none';
  if (!(schema instanceof z.ZodDefault)) return 'required';
  const value: unknown = schema.parse(undefined);
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

const valueOf = (key: 'environments' | 'databases' | 'services'): z.core.$ZodType => {
  const record = unwrap(pipelineFile.shape[key]);
  if (!(record instanceof z.ZodRecord)) throw new Error(`${key} is no map`);
  return record.valueType;
};
const service = valueOf('services');
const serviceShape = service instanceof z.ZodObject ? shapeOf(service) : {};

describe('docs/pipeline.md has every key and its default:', () => {
  test.each([
    ['The file', pipelineFile],
    ['Environments', valueOf('environments')],
    ['Databases', valueOf('databases')],
    ['Services', service],
    ...['builds', 'startup', 'health', 'scaling', 'rollout'].map(
      (key): [string, z.core.$ZodType | undefined] => [key, serviceShape[key]],
    ),
  ])('%s', (heading, schema) => {
    expect(documented(heading)).toEqual(declared(schema));
  });
});
