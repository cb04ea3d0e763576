import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { CloudContext } from '../core/context.ts';
import type { ApiRequest, Route } from '../core/room.ts';
import type { BucketTable } from './bucket-table.ts';
import { readObject } from './object-settings.ts';
import type { ObjectTable } from './object-table.ts';
import { checkPreconditions, readPreconditions } from './preconditions.ts';
import { objectResource, type ObjectVersion } from './resources.ts';
import { StorageError, storageRoute } from './storage-error.ts';

const composeSchema = z.looseObject({
  sourceObjects: z
    .array(
      z.looseObject({
        name: z.string(),
        generation: z.union([z.string(), z.number()]).optional(),
        objectPreconditions: z
          .looseObject({ ifGenerationMatch: z.union([z.string(), z.number()]).optional() })
          .optional(),
      }),
    )
    .min(1)
    .max(32),
  destination: z.unknown().optional(),
});

/** Objects made out of objects: rewrite, copy, compose. A rewrite is done in one call, whatever the size. */
export function copyRoutes(context: CloudContext, buckets: BucketTable, objects: ObjectTable): Route[] {
  const source = (bucket: string, name: string, generation: string | undefined): ObjectVersion => {
    const version = objects.find(buckets.find(bucket).name, name, generation);
    if (!version) throw new StorageError('notFound', `No such object: ${bucket}/${name}`);
    return version;
  };
  const copy = async (request: ApiRequest): Promise<ObjectVersion> => {
    const { params, query } = request;
    const body = await request.json();
    const from = source(params.bucket ?? '', params.object ?? '', query.get('sourceGeneration') ?? undefined);
    checkPreconditions(readPreconditions(query, 'Source'), from, 'write');
    // A body replaces the settings of the source, no body keeps them.
    const given = Object.keys(body as object).length > 0 ? readObject(body).settings : from.settings;
    return objects.create({
      bucket: params.toBucket ?? '',
      name: params.toObject ?? '',
      settings: { ...given, contentType: given.contentType ?? from.settings.contentType },
      temporary: objects.files.link(objects.files.path(from.content.file)),
      preconditions: readPreconditions(query),
    });
  };
  const compose = async (request: ApiRequest): Promise<ObjectVersion> => {
    const { params, query } = request;
    const parsed = composeSchema.safeParse(await request.json());
    if (!parsed.success)
      throw new StorageError('invalid', `Invalid compose request: ${z.prettifyError(parsed.error)}`, {
        cause: parsed.error,
      });
    const bucket = params.bucket ?? '';
    const parts = parsed.data.sourceObjects.map(({ name, generation, objectPreconditions }) => {
      const part = source(bucket, name, generation === undefined ? undefined : String(generation));
      const wanted = objectPreconditions?.ifGenerationMatch;
      checkPreconditions(wanted === undefined ? {} : { ifGenerationMatch: String(wanted) }, part, 'write');
      return part;
    });
    return objects.create({
      bucket,
      name: params.object ?? '',
      settings: readObject(parsed.data.destination ?? {}).settings,
      temporary: objects.files.temporary(
        Buffer.concat(parts.map(({ content }) => readFileSync(objects.files.path(content.file)))),
      ),
      preconditions: readPreconditions(query),
      componentCount: parts.reduce((sum, { content }) => sum + (content.componentCount ?? 1), 0),
    });
  };
  const shown = (version: ObjectVersion): object => objectResource(context.origin, version);
  const from = '/storage/v1/b/{bucket}/o/{object}';
  const to = 'b/{toBucket}/o/{toObject}';
  return [
    storageRoute('POST', `${from}/rewriteTo/${to}`, async (request) => {
      const version = await copy(request);
      const bytes = String(version.content.size);
      return {
        kind: 'storage#rewriteResponse',
        totalBytesRewritten: bytes,
        objectSize: bytes,
        done: true,
        resource: shown(version),
      };
    }),
    storageRoute('POST', `${from}/copyTo/${to}`, async (request) => shown(await copy(request))),
    storageRoute('POST', `${from}/compose`, async (request) => shown(await compose(request))),
  ];
}
