import { z } from 'zod';
import { pipelineFile } from './schema.ts';

/** The JSON Schema of pipeline.yaml, for editors. Draft 7 is what YAML language servers know best. */
export const pipelineJsonSchema = (): object => ({
  title: 'pipeline.yaml',
  ...z.toJSONSchema(pipelineFile, { target: 'draft-7', io: 'input' }),
});
