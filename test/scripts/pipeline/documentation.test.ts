import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { RolloutPolicy } from '../../../functions/release/policy.ts';
import { rolloutPresets } from '../../../functions/release/rollout-presets.ts';
import { formatErrors } from '../../../scripts/pipeline/errors.ts';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import { shapeOf, unwrap } from '../../../scripts/pipeline/partial.ts';
import { pipelineFile } from '../../../scripts/pipeline/schema.ts';

type Preset = {
  readonly steps: readonly RolloutPolicy['steps'][number][];
} & Pick<RolloutPolicy, 'bakeSeconds' | 'onInconclusive'>;

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
function declared(schema: z.core.$ZodType): Record<string, string> {
  const object = unwrap(schema);
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
/** The schema under a path of keys; `*` for what a list holds. */
function under(schema: z.core.$ZodType, ...path: readonly string[]): z.core.$ZodType {
  return path.reduce<z.core.$ZodType>((wrapped, key) => {
    const outer = unwrap(wrapped);
    const inner =
      outer instanceof z.ZodArray ? outer.element : outer instanceof z.ZodObject && shapeOf(outer)[key];
    if (!inner) throw new Error(`there is no ${path.join('.')}`);
    return inner;
  }, schema);
}
const service = valueOf('services');

describe('docs/pipeline.md has every key and its default:', () => {
  test.each([
    ['The file', pipelineFile],
    ['Environments', valueOf('environments')],
    ['Databases', valueOf('databases')],
    ['Services', service],
    ['Functions', under(pipelineFile, 'functions')],
    ...['builds', 'startup', 'health', 'scaling', 'rollout', 'schema'].map(
      (key): [string, z.core.$ZodType] => [key, under(service, key)],
    ),
    ['streams', under(service, 'health', 'streams', '*')],
    ['journeys', under(service, 'health', 'journeys', '*')],
    ['a request of a journey', under(service, 'health', 'journeys', '*', 'steps', '*')],
    ['expect', under(service, 'health', 'journeys', '*', 'steps', '*', 'expect')],
    ['steps', under(service, 'rollout', 'steps', '*')],
    ['metrics', under(service, 'rollout', 'metrics')],
  ])('%s', (heading, schema) => {
    expect(documented(heading)).toEqual(declared(schema));
  });
});

describe('docs/pipeline.md gives the times of the preset', () => {
  const minutes = (seconds: number): string => String(seconds / 60);
  test.each(Object.entries<Preset>(rolloutPresets))('%s', (name, { steps, bakeSeconds, onInconclusive }) => {
    const [, written = '', bake, action] =
      new RegExp(String.raw`^\| \`${name}\`\s*\| ([^|]*?)\s*\| \`(\d+)\`\s*\| \`(\S+)\``, 'm').exec(
        documentation,
      ) ?? [];
    expect([bake, action]).toEqual([String(bakeSeconds), onInconclusive]);
    // `5 % and 25 %, each 5 to 20 min; 50 %, 5 to 15 min`
    const described = written
      .split(';')
      .flatMap((part) =>
        [...part.matchAll(/(\d+) %/g)].map(([, percent]) => [
          percent,
          ...(/(\d+) to (\d+) min/.exec(part)?.slice(1) ?? []),
        ]),
      );
    expect(described).toEqual(
      steps.map(({ percent, atLeastSeconds, atMostSeconds }) => [
        String(percent),
        minutes(atLeastSeconds),
        minutes(atMostSeconds),
      ]),
    );
  });
});
