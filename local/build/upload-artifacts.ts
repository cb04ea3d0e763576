import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ObjectStore } from '../core/links.ts';
import type { BuildLog } from './build-log.ts';
import { BuildFailure } from './build-failure.ts';
import { globRegex } from './path-globs.ts';

export interface UploadedArtifacts {
  /** `gs://bucket/path/artifacts-<build id>.json`. */
  readonly manifest: string;
  readonly count: number;
}

/** `gs://bucket/some/path` → the bucket, and the prefix with a slash at its end (empty at the top). */
export function readLocation(location: string): { bucket: string; prefix: string } {
  const [bucket = '', ...rest] = location.replace(/^gs:\/\//, '').split('/');
  const prefix = rest.filter((part) => part !== '').join('/');
  return { bucket, prefix: prefix === '' ? '' : `${prefix}/` };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(path.sep).join('/'))
    .filter(
      (file) =>
        !file.startsWith('.git/') && statSync(path.join(folder, file), { throwIfNoEntry: false })?.isFile(),
    );
}

/** Uploads what `paths` match in the workspace, and the manifest; the first pattern without a match is a failure. */
export function uploadArtifacts(
  objects: { location?: string; paths?: readonly string[] },
  buildId: string,
  workspace: string,
  storage: ObjectStore,
  log: BuildLog,
): UploadedArtifacts {
  const { bucket, prefix } = readLocation(objects.location ?? '');
  if (!storage.bucketExists(bucket))
    throw new BuildFailure(`artifacts cannot be uploaded: there is no bucket "${bucket}"`);
  const files = filesBelow(workspace);
  const chosen = new Set<string>();
  for (const pattern of objects.paths ?? []) {
    const relative = pattern.replace(/^\/workspace\//, '').replace(/^\.\//, '');
    const found = files.filter((file) => globRegex(relative).test(file));
    if (found.length === 0)
      throw new BuildFailure(`no file in /workspace matches the artifact path "${pattern}"`);
    for (const file of found) chosen.add(file);
  }
  const put = (name: string, content: Buffer, contentType: string): string => {
    const { generation } = storage.put(bucket, prefix + name, content, contentType);
    return `gs://${bucket}/${prefix}${name}#${generation}`;
  };
  const lines = [...chosen].map((file) => {
    const content = readFileSync(path.join(workspace, file));
    const location = put(path.posix.basename(file), content, 'application/octet-stream');
    log.write(`Uploaded ${file} to ${location}`);
    const value = createHash('md5').update(content).digest('base64');
    return JSON.stringify({ location, file_hash: [{ file_hash: [{ type: 2, value }] }] });
  });
  const manifest = `artifacts-${buildId}.json`;
  put(manifest, Buffer.from(`${lines.join('\n')}\n`), 'application/json');
  log.write(`Artifact manifest located at gs://${bucket}/${prefix}${manifest}`);
  return { manifest: `gs://${bucket}/${prefix}${manifest}`, count: chosen.size };
}
