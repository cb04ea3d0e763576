import { pageOf } from '../core/page.ts';
import { isLive, orderOf } from './object-table.ts';
import type { ObjectVersion } from './resources.ts';

export interface ListOptions {
  readonly prefix: string;
  /** Empty for none. */
  readonly delimiter: string;
  readonly includeTrailingDelimiter: boolean;
  /** Noncurrent versions too. */
  readonly versions: boolean;
  readonly startOffset: string;
  /** Empty for none; exclusive. */
  readonly endOffset: string;
  readonly pageToken?: string | undefined;
  readonly maxResults: number;
}

type Entry =
  | { readonly order: string; readonly prefix: string }
  | { readonly order: string; readonly version: ObjectVersion };

/**
 * One page of a listing: objects, and what stands before the delimiter for those that are "in folders". Both count for
 * the size of the page. `all` is in the order of names.
 */
export function listObjects(
  all: readonly ObjectVersion[],
  options: ListOptions,
): { items: ObjectVersion[]; prefixes: string[]; nextPageToken?: string } {
  const { prefix, delimiter, startOffset, endOffset } = options;
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const version of all) {
    const { name, generation } = version;
    if (!name.startsWith(prefix) || (!options.versions && !isLive(version))) continue;
    const order = orderOf(name);
    if (order < orderOf(startOffset) || (endOffset !== '' && order >= orderOf(endOffset))) continue;
    const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    const folder = at < 0 ? undefined : name.slice(0, at + delimiter.length);
    if (folder !== undefined && !seen.has(folder)) {
      seen.add(folder);
      entries.push({ order: orderOf(folder), prefix: folder });
    }
    if (folder === undefined || (options.includeTrailingDelimiter && name === folder))
      entries.push({ order: `${order}\0${generation.padStart(20, '0')}`, version });
  }
  const { page, ...next } = pageOf(entries, ({ order }) => order, {
    pageSize: options.maxResults,
    pageToken: options.pageToken,
  });
  return {
    items: page.flatMap((entry) => ('version' in entry ? [entry.version] : [])),
    prefixes: page.flatMap((entry) => ('prefix' in entry ? [entry.prefix] : [])),
    ...next,
  };
}
