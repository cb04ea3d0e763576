import { createHash } from 'node:crypto';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { buckets } from './storage.ts';
import type { SetupTarget } from './target.ts';

/** What setup uploaded last, so that it does it again only when it has changed. Kept in the state bucket. */
export interface Uploaded {
  readonly sourceHash: string;
  readonly result: string;
}

export const sha256 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
};

/** The result for `sourceHash`, made by `upload` unless the last one was for the same source . */
export async function uploadOnce(
  { api, pipeline }: SetupTarget,
  name: string,
  sourceHash: string,
  upload: () => Promise<string>,
): Promise<{ readonly result: string; readonly changed: boolean }> {
  const bucket = openBucket(api, buckets(pipeline.project).state);
  const object = `setup/${name}.json`;
  const stored = await bucket.read(object);
  const last = stored && (JSON.parse(stored.text) as Uploaded);
  if (last?.sourceHash === sourceHash) return { result: last.result, changed: false };
  const result = await upload();
  await bucket.write(object, JSON.stringify({ sourceHash, result } satisfies Uploaded), 'application/json');
  return { result, changed: true };
}
