import { StorageError } from './storage-error.ts';

/** What a chunk of a resumable upload says about itself. */
export interface ContentRange {
  /** Undefined when the client only asks how far the upload is. */
  readonly first?: number;
  /** The size of the whole, once it is known. */
  readonly total?: number;
}

/** Reads `bytes 0-99/100`, `bytes 0-99/*`, `bytes *` + `/100`, or the lack of it: then the body is the whole. */
export function readContentRange(header: string | undefined, bodySize: number): ContentRange {
  if (header === undefined) return { first: 0, total: bodySize };
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header);
  if (!match) throw new StorageError('badRequest', `Failed to parse Content-Range header: '${header}'`);
  const [, first, last, total] = match;
  const whole = total === undefined || total === '*' ? {} : { total: Number(total) };
  if (first === undefined) return whole;
  if (Number(last) - Number(first) + 1 !== bodySize)
    throw new StorageError(
      'badRequest',
      `Content-Range '${header}' does not fit a body of ${bodySize} bytes`,
    );
  return { first: Number(first), ...whole };
}
