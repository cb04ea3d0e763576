import type { CloudContext } from '../core/context.ts';
import { Reply, type ApiRequest, type Route } from '../core/room.ts';
import type { BucketTable } from './bucket-table.ts';
import { readContentRange } from './content-range.ts';
import { parseMultipart } from './multipart.ts';
import { readObject, type GivenObject } from './object-settings.ts';
import type { NewObject, ObjectTable } from './object-table.ts';
import { checkPreconditions, readPreconditions } from './preconditions.ts';
import { objectResource, type ObjectVersion } from './resources.ts';
import { StorageError, storageRoute } from './storage-error.ts';
import type { UploadSession, UploadSessions } from './upload-sessions.ts';

const header = ({ headers }: ApiRequest, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Uploads: media, multipart and resumable. https://cloud.google.com/storage/docs/uploads-downloads */
export function uploadRoutes(
  context: CloudContext,
  buckets: BucketTable,
  objects: ObjectTable,
  sessions: UploadSessions,
): Route[] {
  const shown = (version: ObjectVersion): object => objectResource(context.origin, version);
  const nameOf = ({ query }: ApiRequest, given: GivenObject): string => {
    const name = query.get('name') ?? given.name ?? '';
    if (name === '') throw new StorageError('required', 'Required parameter: name');
    return name;
  };
  const store = (object: Omit<NewObject, 'temporary'>, content: Buffer): object =>
    shown(objects.create({ ...object, temporary: objects.files.temporary(content) }));
  const withType = (given: GivenObject, contentType: string | undefined): GivenObject => ({
    ...given,
    settings: { ...given.settings, contentType: given.settings.contentType ?? contentType },
  });

  const media = async (request: ApiRequest, bucket: string): Promise<object> => {
    const content = await request.bytes();
    const given = withType(readObject({}), header(request, 'content-type'));
    const preconditions = readPreconditions(request.query);
    return store({ ...given, bucket, name: nameOf(request, given), preconditions }, content);
  };
  const multipart = async (request: ApiRequest, bucket: string): Promise<object> => {
    const parts = parseMultipart(await request.bytes(), header(request, 'content-type') ?? '');
    const given = withType(readObject(parts.metadata), parts.contentType);
    const preconditions = readPreconditions(request.query);
    return store({ ...given, bucket, name: nameOf(request, given), preconditions }, parts.content);
  };
  const begin = async (request: ApiRequest, bucket: string): Promise<Reply> => {
    const object = withType(readObject(await request.json()), header(request, 'x-upload-content-type'));
    const name = nameOf(request, object);
    const preconditions = readPreconditions(request.query);
    checkPreconditions(preconditions, objects.find(bucket, name), 'write');
    const { id } = sessions.begin({ bucket, name, object, preconditions });
    const location = new URL(`/upload/storage/v1/b/${bucket}/o`, context.origin);
    location.search = new URLSearchParams({ uploadType: 'resumable', name, upload_id: id }).toString();
    return new Reply(200, undefined, { location: location.href, 'x-guploader-uploadid': id });
  };

  const progress = (session: UploadSession): Reply => {
    const size = sessions.size(session);
    return new Reply(308, undefined, size > 0 ? { range: `bytes=0-${size - 1}` } : {});
  };
  const finish = (session: UploadSession): object => {
    const { object, bucket, name, preconditions } = session;
    try {
      const version = objects.create({
        ...object,
        bucket,
        name,
        preconditions,
        temporary: objects.files.link(sessions.file(session)),
      });
      sessions.finish(session, version.generation);
      return shown(version);
    } catch (error) {
      if (error instanceof StorageError && error.reason !== 'rateLimitExceeded') sessions.cancel(session);
      throw error;
    }
  };
  const resume = async (request: ApiRequest): Promise<unknown> => {
    const body = await request.bytes();
    const session = sessions.find(request.query.get('upload_id') ?? '');
    if (session.generation !== undefined) {
      const done = objects.find(session.bucket, session.name, session.generation);
      if (!done) throw new StorageError('uploadGone', 'What this upload made has been replaced since');
      return shown(done);
    }
    const { first, total } = readContentRange(header(request, 'content-range'), body.length);
    const stored = sessions.size(session);
    if (first !== undefined) {
      if (first > stored) throw new StorageError('badRequest', `Bytes ${stored} to ${first - 1} are missing`);
      // What is stored already is not stored twice: a client repeats what it got no answer for.
      sessions.append(session, body.subarray(stored - first));
    }
    return total !== undefined && sessions.size(session) >= total ? finish(session) : progress(session);
  };

  // gcloud and other clients of Google's own begin resumable uploads below /resumable.
  return ['/upload', '/resumable/upload'].flatMap((root): Route[] => {
    const path = `${root}/storage/v1/b/{bucket}/o`;
    return [
      storageRoute('POST', path, (request) => {
        const bucket = buckets.find(request.params.bucket ?? '').name;
        const uploadType = request.query.get('uploadType');
        if (uploadType === 'media') return media(request, bucket);
        if (uploadType === 'multipart') return multipart(request, bucket);
        if (uploadType === 'resumable') return begin(request, bucket);
        throw new StorageError(
          'badRequest',
          `Invalid uploadType '${uploadType ?? ''}': media, multipart or resumable`,
        );
      }),
      storageRoute('PUT', path, resume),
      storageRoute('DELETE', path, ({ query }) => {
        sessions.cancel(sessions.find(query.get('upload_id') ?? ''));
        throw new StorageError('clientClosedRequest', 'Client Closed Request');
      }),
    ];
  });
}
