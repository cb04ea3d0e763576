import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { pipelineJsonSchema } from '../../../scripts/pipeline/json-schema.ts';

test('docs/pipeline.schema.json is what "node scripts/pipeline/write-schema.ts" writes', async () => {
  const file = new URL('../../../docs/pipeline.schema.json', import.meta.url);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(pipelineJsonSchema())));
});
