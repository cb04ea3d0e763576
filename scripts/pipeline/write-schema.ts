import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { pipelineJsonSchema } from './json-schema.ts';

// Writes docs/pipeline.schema.json. Run it after a change of schema.ts.
const file = fileURLToPath(new URL('../../docs/pipeline.schema.json', import.meta.url));
const options = { ...(await resolveConfig(file)), filepath: file };
await writeFile(file, await format(JSON.stringify(pipelineJsonSchema()), options));
console.log(`Wrote ${file}`);
