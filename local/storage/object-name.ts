import type { ApiRequest } from '../core/room.ts';
import { StorageError } from './storage-error.ts';

/**
 * The name of the object that the path ends with. Its slashes must be escaped (`releases%2Fapi.json`): with Google an
 * unescaped one leads to another path, and a client that forgets to escape should learn it here.
 */
export function objectName({ params, raw }: ApiRequest): string {
  const [path = ''] = (raw.url ?? '').split('?');
  const escaped = path.slice(path.indexOf('/o/') + 3);
  if (escaped.includes('/'))
    throw new StorageError(
      'notFound',
      `Not Found: the slashes of an object's name must be escaped as %2F in ${path}`,
    );
  return params.object ?? '';
}
