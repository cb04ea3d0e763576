import { ApiError } from '../core/api-error.ts';

/**
 * One page of a list. The token is the key of the last item given out, so that what is added in front meanwhile shifts
 * nothing; `after` tells whether an item comes behind the one with that key.
 */
export function pageOf<T>(
  items: readonly T[],
  { pageSize = 0, pageToken = '' }: { pageSize?: number; pageToken?: string },
  key: (item: T) => string,
  after: (item: T, key: string) => boolean,
): { items: T[]; nextPageToken?: string } {
  if (pageSize < 0) throw new ApiError('INVALID_ARGUMENT', `page_size must not be negative: ${pageSize}`);
  const size = pageSize === 0 ? 50 : Math.min(pageSize, 1000);
  const last = Buffer.from(pageToken, 'base64url').toString('utf8');
  if (pageToken !== '' && !last.startsWith('after:')) {
    throw new ApiError(
      'INVALID_ARGUMENT',
      'page_token is not one that a list of builds or triggers gave out',
    );
  }
  const from =
    pageToken === '' ? [...items] : items.filter((item) => after(item, last.slice('after:'.length)));
  const page = from.slice(0, size);
  const end = page.at(-1);
  if (from.length <= size || end === undefined) return { items: page };
  return { items: page, nextPageToken: Buffer.from(`after:${key(end)}`).toString('base64url') };
}
