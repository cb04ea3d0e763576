import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPipeline } from './load.ts';
import type { LoadResult } from './load.ts';

/** `<folder>/pipeline.yaml` as it holds in one environment, or what is wrong with it. */
export async function readPipelineFile(folder: string, environment: string): Promise<LoadResult> {
  const file = join(folder, 'pipeline.yaml');
  const text = await readIfThere(file);
  if (text !== undefined) return loadPipeline(text, { file, environment });
  const rule =
    'the file does not exist; run this in the folder that holds pipeline.yaml, or write one (docs/pipeline.md has a full example)';
  return { ok: false, errors: [{ file, line: 1, column: 1, path: '', rule, source: '' }] };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw new Error(`Cannot read ${file}.`, { cause });
  }
}

const isMissing = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR');
