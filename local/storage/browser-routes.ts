import { handled, type ApiRequest, type Route } from '../core/room.ts';
import type { ObjectTable } from './object-table.ts';
import { sendContent } from './send-content.ts';

/**
 * Downloads at the addresses that stand in links: `storage.googleapis.com/<bucket>/<object>` and, for people who are
 * signed in, `storage.cloud.google.com/<bucket>/<object>`, each as a path of the local cloud. Errors are XML, as there.
 */
export function browserRoutes(objects: ObjectTable): Route[] {
  const download = async (request: ApiRequest): Promise<typeof handled> => {
    const { params, query, response } = request;
    const version = objects.find(
      params.bucket ?? '',
      params.object ?? '',
      query.get('generation') ?? undefined,
    );
    if (version) return sendContent(request, version, objects.files.path(version.content.file));
    response.writeHead(404, { 'content-type': 'application/xml; charset=UTF-8' });
    response.end(
      "<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>",
    );
    return handled;
  };
  return ['storage.googleapis.com', 'storage.cloud.google.com'].map((host) => ({
    method: 'GET',
    path: `/${host}/{bucket}/{object=**}`,
    handle: download,
  }));
}
