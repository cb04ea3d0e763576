import { createReadStream, openSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { handled, type ApiRequest } from '../core/room.ts';
import { objectEtag, type ObjectVersion } from './resources.ts';
import { StorageError } from './storage-error.ts';

/** The first and last byte that a `Range` header asks for; undefined when it is absent or to be ignored. */
export function readRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, from = '', to = ''] = match;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(size - 1, Number(to));
  if (start > end || start >= size)
    throw new StorageError(
      'requestedRangeNotSatisfiable',
      `The range ${header ?? ''} is not within ${size} bytes`,
    );
  return { start, end };
}

/** Writes the content of `version` as its media, whole or the range that is asked for. */
export async function sendContent(
  { headers, response }: ApiRequest,
  version: ObjectVersion,
  file: string,
): Promise<typeof handled> {
  const { settings, content, generation, metageneration, updated } = version;
  const range = content.size === 0 ? undefined : readRange(headers.range, content.size);
  const { start, end } = range ?? { start: 0, end: content.size - 1 };
  // Opened before anything is answered: a version deleted meanwhile is still sent whole.
  const descriptor = openSync(file, 'r');
  const md5 = content.md5Hash === undefined ? '' : `,md5=${content.md5Hash}`;
  response.writeHead(range ? 206 : 200, {
    'content-type': settings.contentType ?? 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    'last-modified': new Date(updated).toUTCString(),
    etag: objectEtag(version),
    'x-goog-generation': generation,
    'x-goog-metageneration': metageneration,
    'x-goog-hash': `crc32c=${content.crc32c}${md5}`,
    'x-goog-stored-content-length': content.size,
    'x-goog-stored-content-encoding': settings.contentEncoding ?? 'identity',
    'x-goog-storage-class': 'STANDARD',
    ...(range ? { 'content-range': `bytes ${start}-${end}/${content.size}` } : {}),
    ...(settings.contentEncoding === undefined ? {} : { 'content-encoding': settings.contentEncoding }),
    ...(settings.contentDisposition === undefined
      ? {}
      : { 'content-disposition': settings.contentDisposition }),
    ...(settings.contentLanguage === undefined ? {} : { 'content-language': settings.contentLanguage }),
    ...(settings.cacheControl === undefined ? {} : { 'cache-control': settings.cacheControl }),
  });
  const bytes = createReadStream(file, { fd: descriptor, start, end: Math.max(start, end) });
  await pipeline(bytes, response).catch((error: unknown) => {
    // The reader has gone away, which is its right.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  return handled;
}
