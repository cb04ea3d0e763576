import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** Reads a JSON request body of at most `maxBytes`. Throws HttpError 400, 413 or 415. */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const [mediaType = ''] = (request.headers['content-type'] ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json') {
    throw new HttpError(415, 'the content-type must be application/json');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the request: its socket still has to carry the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new HttpError(413, `the body must be at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (cause) {
    throw new HttpError(400, 'the body must be JSON in UTF-8', { cause });
  }
}
