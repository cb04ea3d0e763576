import { ApiError } from './api-error.ts';

/**
 * One page of `items`, which are sorted by `keyOf`. The token holds the last key of the page before, so that a list
 * that changes between two pages neither repeats nor skips what stays. INVALID_ARGUMENT for a token that is none.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { pageSize, pageToken }: { pageSize?: number | undefined; pageToken?: string | undefined },
  largestPage = 1000,
): { page: T[]; nextPageToken?: string } {
  if (pageSize !== undefined && pageSize < 0) throw new ApiError('INVALID_ARGUMENT', 'page_size is negative');
  const size = Math.min(pageSize === undefined || pageSize === 0 ? largestPage : pageSize, largestPage);
  const after = pageToken === undefined || pageToken === '' ? undefined : decode(pageToken);
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return last !== undefined && rest.length > page.length
    ? { page, nextPageToken: Buffer.from(`after:${keyOf(last)}`).toString('base64url') }
    : { page };
}

function decode(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (!text.startsWith('after:'))
    throw new ApiError('INVALID_ARGUMENT', `The page token '${token}' is invalid`);
  return text.slice('after:'.length);
}
