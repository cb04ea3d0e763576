import type { CloudContext } from '../core/context.ts';
import { timestamp } from '../core/clock.ts';
import { pageOf } from '../core/page.ts';
import { Reply, type ApiRequest, type Route } from '../core/room.ts';
import { newBucket, patchBucket } from './bucket-settings.ts';
import type { BucketTable } from './bucket-table.ts';
import type { ObjectTable } from './object-table.ts';
import { checkPreconditions, readPreconditions } from './preconditions.ts';
import { bucketResource, type Bucket } from './resources.ts';
import { StorageError, storageRoute } from './storage-error.ts';

/** Buckets of the JSON API. https://cloud.google.com/storage/docs/json_api/v1/buckets */
export function bucketRoutes(context: CloudContext, buckets: BucketTable, objects: ObjectTable): Route[] {
  const shown = (bucket: Bucket): object => bucketResource(context.origin, bucket, context.projectNumber);
  const find = ({ params, query }: ApiRequest, kind: 'read' | 'write'): Bucket => {
    const bucket = buckets.find(params.bucket ?? '');
    const given = readPreconditions(query);
    checkPreconditions(given, { generation: '', metageneration: bucket.metageneration }, kind);
    return bucket;
  };
  const patch = async (request: ApiRequest): Promise<object> => {
    const body = await request.json();
    const changed = patchBucket(find(request, 'write'), body, timestamp(context.clock));
    if (changed.lifecycle !== undefined)
      context.log('info', `bucket ${changed.name}: its lifecycle rules are kept, but not carried out`);
    return shown(buckets.save(changed));
  };
  const one = '/storage/v1/b/{bucket}';
  return [
    storageRoute('POST', '/storage/v1/b', async (request) => {
      const project = request.query.get('project') ?? '';
      if (project === '') throw new StorageError('required', 'Required parameter: project');
      const bucket = newBucket(await request.json(), project, timestamp(context.clock));
      if (buckets.exists(bucket.name))
        throw new StorageError(
          'conflict',
          'Your previous request to create the named bucket succeeded and you already own it.',
        );
      return shown(buckets.save(bucket));
    }),
    storageRoute('GET', '/storage/v1/b', ({ query }) => {
      const prefix = query.get('prefix') ?? '';
      const all = buckets.list(query.get('project') ?? '').filter(({ name }) => name.startsWith(prefix));
      const { page, ...next } = pageOf(all, ({ name }) => name, {
        pageSize: Number(query.get('maxResults') ?? 0),
        pageToken: query.get('pageToken') ?? undefined,
      });
      return { kind: 'storage#buckets', items: page.map(shown), ...next };
    }),
    storageRoute('GET', one, (request) => shown(find(request, 'read'))),
    storageRoute('GET', `${one}/storageLayout`, (request) => {
      const { name, location } = find(request, 'read');
      return {
        kind: 'storage#storageLayout',
        bucket: name,
        location,
        hierarchicalNamespace: { enabled: false },
      };
    }),
    // None can be made here, so this is the whole list; gcloud asks for it before it deletes a bucket.
    storageRoute('GET', `${one}/managedFolders`, (request) => {
      find(request, 'read');
      return { kind: 'storage#managedFolders' };
    }),
    storageRoute('PATCH', one, patch),
    storageRoute('DELETE', one, (request) => {
      const { name } = find(request, 'write');
      if (objects.list(name).length > 0)
        throw new StorageError('conflict', 'The bucket you tried to delete is not empty.');
      buckets.remove(name);
      return new Reply(204, undefined);
    }),
  ];
}
