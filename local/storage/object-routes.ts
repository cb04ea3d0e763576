import type { CloudContext } from '../core/context.ts';
import { Reply, type ApiRequest, type Route } from '../core/room.ts';
import type { BucketTable } from './bucket-table.ts';
import { copyRoutes } from './copy-routes.ts';
import { listObjects } from './list-objects.ts';
import { objectName } from './object-name.ts';
import { patchSettings, readObject } from './object-settings.ts';
import type { ObjectTable } from './object-table.ts';
import { checkPreconditions, readPreconditions } from './preconditions.ts';
import { objectResource, type ObjectVersion } from './resources.ts';
import { sendContent } from './send-content.ts';
import { StorageError, storageRoute } from './storage-error.ts';

/** Query parameters that change what is answered and that the local cloud has not got. */
const unsupportedLists = ['matchGlob', 'softDeleted', 'filter'];

/** Objects of the JSON API, but for uploads. https://cloud.google.com/storage/docs/json_api/v1/objects */
export function objectRoutes(context: CloudContext, buckets: BucketTable, objects: ObjectTable): Route[] {
  const shown = (version: ObjectVersion): object => objectResource(context.origin, version);
  const find = (request: ApiRequest, kind: 'read' | 'write'): ObjectVersion => {
    const bucket = buckets.find(request.params.bucket ?? '').name;
    const name = objectName(request);
    const version = objects.find(bucket, name, request.query.get('generation') ?? undefined);
    if (!version) throw new StorageError('notFound', `No such object: ${bucket}/${name}`);
    checkPreconditions(readPreconditions(request.query), version, kind);
    return version;
  };
  const read = (request: ApiRequest): unknown => {
    const version = find(request, 'read');
    return request.query.get('alt') === 'media'
      ? sendContent(request, version, objects.files.path(version.content.file))
      : shown(version);
  };
  // The body is read first: between finding the object and changing it nothing else may happen.
  const patch = async (request: ApiRequest): Promise<object> => {
    const body = await request.json();
    const version = find(request, 'write');
    return shown(objects.change(version, patchSettings(version.settings, body)));
  };
  const update = async (request: ApiRequest): Promise<object> => {
    const { settings } = readObject(await request.json());
    return shown(objects.change(find(request, 'write'), settings));
  };
  const list = ({ params, query }: ApiRequest): object => {
    const bucket = buckets.find(params.bucket ?? '').name;
    // Python's clients write True, the others true.
    const isSet = (name: string): boolean => query.get(name)?.toLowerCase() === 'true';
    const unsupported = unsupportedLists.find(
      (name) => query.has(name) && query.get(name)?.toLowerCase() !== 'false',
    );
    if (unsupported !== undefined)
      throw new StorageError('notImplemented', `'${unsupported}' in listings is not part of the local cloud`);
    const maxResults = Number(query.get('maxResults') ?? 0);
    if (!Number.isInteger(maxResults) || maxResults < 0)
      throw new StorageError('invalid', `Invalid value for maxResults: '${query.get('maxResults') ?? ''}'`);
    const { items, prefixes, nextPageToken } = listObjects(objects.list(bucket), {
      prefix: query.get('prefix') ?? '',
      delimiter: query.get('delimiter') ?? '',
      includeTrailingDelimiter: isSet('includeTrailingDelimiter'),
      versions: isSet('versions'),
      startOffset: query.get('startOffset') ?? '',
      endOffset: query.get('endOffset') ?? '',
      pageToken: query.get('pageToken') ?? undefined,
      maxResults,
    });
    return {
      kind: 'storage#objects',
      ...(items.length > 0 ? { items: items.map(shown) } : {}),
      ...(prefixes.length > 0 ? { prefixes } : {}),
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    };
  };
  // `**` and not `*`: a name may hold an unescaped colon. An unescaped slash is refused by objectName.
  const one = '/storage/v1/b/{bucket}/o/{object=**}';
  return [
    storageRoute('GET', '/storage/v1/b/{bucket}/o', list),
    storageRoute('GET', one, read),
    storageRoute('GET', '/download/storage/v1/b/{bucket}/o/{object=**}', read),
    storageRoute('PATCH', one, patch),
    storageRoute('PUT', one, update),
    storageRoute('DELETE', one, (request) => {
      const bucket = buckets.find(request.params.bucket ?? '').name;
      const generation = request.query.get('generation') ?? undefined;
      objects.remove(bucket, objectName(request), generation, readPreconditions(request.query));
      return new Reply(204, undefined);
    }),
    ...copyRoutes(context, buckets, objects),
  ];
}
