import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import { Reply, type ApiRequest, type Route } from '../core/room.ts';
import type { StorageSource } from './cloud-function.ts';

interface Upload {
  /** SHA-256 of the signature in the URL, in hex. */
  readonly signatureHash: string;
  readonly createdAtMs: number;
}

/** As on Google Cloud: a URL takes an archive for half an hour. */
const urlLifetimeMs = 30 * 60_000;
const keptMs = 24 * 3_600_000;

const hash = (text: string): Buffer => createHash('sha256').update(text).digest();

export interface Uploads {
  /** `generateUploadUrl`: where to PUT an archive, and how to name it in a function afterwards. */
  generate(location: string): { uploadUrl: string; storageSource: { bucket: string; object: string } };
  /** The archive, when `source` names an upload; undefined when it names a bucket of somebody else. */
  read(source: StorageSource): Buffer | undefined;
  /** Removes what is older than a day: a deployed function keeps its own copy. */
  removeOld(): void;
  readonly routes: readonly Route[];
}

export function createUploads(context: CloudContext): Uploads {
  const table = context.table<Upload>('functions', 'uploads');
  const folder = context.folder('functions', 'archives');
  const bucketOf = (location: string): string =>
    `gcf-v2-uploads-${context.projectNumber}.${location}.cloudfunctions.appspot.com`;
  const fileOf = (object: string): string => path.join(folder, object);

  const put = async (request: ApiRequest): Promise<Reply> => {
    const { object = '' } = request.params;
    const upload = table.get(object);
    const given = hash(request.query.get('X-Goog-Signature') ?? '');
    if (!upload || !timingSafeEqual(given, Buffer.from(upload.signatureHash, 'hex')))
      throw new ApiError(
        'PERMISSION_DENIED',
        'The upload URL is not valid: ask for one with generateUploadUrl',
      );
    if (context.clock.now() > upload.createdAtMs + urlLifetimeMs)
      throw new ApiError(
        'PERMISSION_DENIED',
        'The upload URL has expired: ask for a new one with generateUploadUrl',
      );
    const file = fileOf(object);
    writeFileSync(`${file}.new`, await request.bytes());
    renameSync(`${file}.new`, file);
    return new Reply(200, undefined);
  };

  return {
    generate(location) {
      const object = `${randomUUID()}.zip`;
      const signature = randomBytes(32).toString('hex');
      table.set(object, { signatureHash: hash(signature).toString('hex'), createdAtMs: context.clock.now() });
      const bucket = bucketOf(location);
      return {
        uploadUrl: `${context.origin}/functions-uploads/${bucket}/${object}?X-Goog-Expires=${urlLifetimeMs / 1000}&X-Goog-Signature=${signature}`,
        storageSource: { bucket, object },
      };
    },
    read({ bucket, object }) {
      if (!/^gcf-v2-uploads-.*\.cloudfunctions\.appspot\.com$/.test(bucket)) return undefined;
      if (!table.get(object) || !existsSync(fileOf(object)))
        throw new ApiError('INVALID_ARGUMENT', `Nothing was uploaded as gs://${bucket}/${object}`);
      return readFileSync(fileOf(object));
    },
    removeOld() {
      for (const [object, { createdAtMs }] of table.entries()) {
        if (context.clock.now() < createdAtMs + keptMs) continue;
        rmSync(fileOf(object), { force: true });
        table.delete(object);
      }
    },
    routes: [{ method: 'PUT', path: '/functions-uploads/{bucket}/{object}', handle: put }],
  };
}
