import { readFileSync } from 'node:fs';
import { ApiError } from '../core/api-error.ts';
import type { CloudContext } from '../core/context.ts';
import type { ObjectStore } from '../core/links.ts';
import type { HttpMethod, Room } from '../core/room.ts';
import { browserRoutes } from './browser-routes.ts';
import { bucketRoutes } from './bucket-routes.ts';
import { openBucketTable } from './bucket-table.ts';
import { objectRoutes } from './object-routes.ts';
import { openObjectTable } from './object-table.ts';
import { StorageError, storageRoute } from './storage-error.ts';
import { uploadRoutes } from './upload-routes.ts';
import { openUploadSessions } from './upload-sessions.ts';

const methods: readonly HttpMethod[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * Cloud Storage: buckets, objects, generations and preconditions over the JSON API. With `rateLimit` an object takes
 * one write a second, as on Google Cloud, and answers 429 beyond it.
 */
export function createStorageRoom(
  context: CloudContext,
  { rateLimit = false }: { rateLimit?: boolean } = {},
): { room: Room; objects: ObjectStore } {
  const buckets = openBucketTable(context);
  const objects = openObjectTable(context, (name) => buckets.find(name), { rateLimit });
  const requireBucket = (bucket: string): void => {
    if (!buckets.exists(bucket)) throw new ApiError('NOT_FOUND', `The bucket ${bucket} does not exist`);
  };
  const link: ObjectStore = {
    put(bucket, name, content, contentType) {
      requireBucket(bucket);
      const temporary = objects.files.temporary(content);
      return objects.create({ bucket, name, settings: { contentType }, temporary, preconditions: {} });
    },
    get(bucket, name, generation) {
      requireBucket(bucket);
      const version = objects.find(bucket, name, generation);
      if (!version) throw new ApiError('NOT_FOUND', `The object gs://${bucket}/${name} does not exist`);
      return readFileSync(objects.files.path(version.content.file));
    },
    bucketExists: (bucket) => buckets.exists(bucket),
  };
  return {
    room: {
      name: 'storage',
      routes: [
        ...bucketRoutes(context, buckets, objects),
        ...objectRoutes(context, buckets, objects),
        ...uploadRoutes(context, buckets, objects, openUploadSessions(context)),
        ...browserRoutes(objects),
        ...methods.map((method) =>
          // As many wildcards as it takes to come behind every other route.
          storageRoute(method, '/storage/{version}/{collection}/{rest=**}', ({ raw }) => {
            throw new StorageError(
              'notImplemented',
              `${method} ${raw.url ?? ''} of Cloud Storage is not part of the local cloud`,
            );
          }),
        ),
      ],
    },
    objects: link,
  };
}
