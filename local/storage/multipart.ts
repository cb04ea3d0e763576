import { StorageError } from './storage-error.ts';

export interface MultipartUpload {
  readonly metadata: unknown;
  readonly contentType: string | undefined;
  readonly content: Buffer;
}

const refuse = (why: string, cause?: unknown): StorageError =>
  new StorageError('badRequest', `Malformed multipart body: ${why}`, { cause });

/** The parts between the delimiter lines of a multipart body. https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1 */
function partsOf(body: Buffer, boundary: string): Buffer[] {
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Buffer[] = [];
  const startsLine = (at: number): boolean => at === 0 || body[at - 1] === 0x0a;
  let from: number | undefined;
  for (let at = body.indexOf(delimiter); at >= 0; at = body.indexOf(delimiter, at + delimiter.length)) {
    const after = at + delimiter.length;
    const isLast = body.subarray(after, after + 2).toString('latin1') === '--';
    const lineEnd = body.indexOf(0x0a, after);
    // Only a line of its own delimits: content may hold the same bytes elsewhere.
    if (
      !startsLine(at) ||
      (!isLast && (lineEnd < 0 || body.subarray(after, lineEnd).toString('latin1').trim() !== ''))
    )
      continue;
    // The line break in front of a delimiter belongs to it.
    if (from !== undefined) parts.push(body.subarray(from, at - (body[at - 2] === 0x0d ? 2 : 1)));
    if (isLast) return parts;
    from = lineEnd + 1;
  }
  throw refuse('the closing delimiter is missing');
}

function splitPart(part: Buffer): { contentType: string | undefined; content: Buffer } {
  const windows = part.indexOf('\r\n\r\n');
  const unix = part.indexOf('\n\n');
  const isUnix = windows < 0 || (unix >= 0 && unix < windows);
  const at = isUnix ? unix : windows;
  const startsEmpty = part[0] === 0x0a || part.subarray(0, 2).toString('latin1') === '\r\n';
  if (startsEmpty) return { contentType: undefined, content: part.subarray(part[0] === 0x0a ? 1 : 2) };
  if (at < 0) throw refuse('a part has no end of its headers');
  const header = /^content-type:\s*(.+?)\s*$/im.exec(part.subarray(0, at).toString('latin1'));
  return { contentType: header?.[1], content: part.subarray(at + (isUnix ? 2 : 4)) };
}

/** The two parts of a `multipart/related` upload: metadata as JSON, then the content, byte for byte. */
export function parseMultipart(body: Buffer, contentTypeHeader: string): MultipartUpload {
  const match = /;\s*boundary=(?:"([^"]+)"|'([^']+)'|([^\s;]+))/i.exec(contentTypeHeader);
  const boundary = match?.[1] ?? match?.[2] ?? match?.[3];
  if (boundary === undefined) throw refuse('the Content-Type names no boundary');
  const [first, second, ...more] = partsOf(body, boundary).map(splitPart);
  if (!first || !second || more.length > 0) throw refuse('it must have two parts, metadata and content');
  try {
    const text = first.content.toString('utf8');
    return {
      metadata: text.trim() === '' ? {} : (JSON.parse(text) as unknown),
      contentType: second.contentType,
      content: second.content,
    };
  } catch (cause) {
    throw refuse('its first part is no JSON', cause);
  }
}
