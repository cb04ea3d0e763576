import { HttpError } from './http-error.ts';

export interface NewMessage {
  readonly author: string;
  readonly text: string;
}

export interface Message extends NewMessage {
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface PageQuery {
  /** Only messages with a greater id, oldest first; without it the newest messages. */
  readonly after: number | undefined;
  readonly limit: number;
}

/** Lengths in characters (code points), as Postgres counts them. */
export const maxAuthorLength = 40;
export const maxTextLength = 2000;
export const defaultPageSize = 50;
export const maxPageSize = 200;

/** Decodes what a client posted. Throws HttpError 400 that names the field. */
export function decodeNewMessage(body: unknown): NewMessage {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HttpError(400, 'the body must be a JSON object with author and text');
  }
  const fields = body as Readonly<Record<string, unknown>>;
  const author = decodeText('author', fields['author'], maxAuthorLength);
  // A name stands on one line, and cannot turn the direction of the text that follows it.
  if (/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(author)) {
    throw new HttpError(400, 'author must not contain control characters or line breaks', {
      field: 'author',
    });
  }
  return { author, text: decodeText('text', fields['text'], maxTextLength) };
}

function decodeText(field: string, value: unknown, maxLength: number): string {
  const refuse = (problem: string) => new HttpError(400, `${field} ${problem}`, { field });
  if (value === undefined || value === null) throw refuse('is missing');
  if (typeof value !== 'string') throw refuse('must be a string');
  // Postgres can store neither a NUL nor half a surrogate pair.
  if (value.includes('\0') || !value.isWellFormed())
    throw refuse('must be valid Unicode text without NUL characters');
  const text = value.trim();
  if (text === '') throw refuse('must not be empty');
  if (Array.from(text).length > maxLength) throw refuse(`must be at most ${maxLength} characters long`);
  return text;
}

/** Decodes the query of `GET /messages`. Throws HttpError 400 that names the parameter. */
export function decodePageQuery(parameters: URLSearchParams): PageQuery {
  return {
    after: decodeWholeNumber(parameters, 'after', 0, Number.MAX_SAFE_INTEGER),
    limit: decodeWholeNumber(parameters, 'limit', 1, maxPageSize) ?? defaultPageSize,
  };
}

function decodeWholeNumber(
  parameters: URLSearchParams,
  field: string,
  least: number,
  most: number,
): number | undefined {
  const text = parameters.get(field);
  if (text === null) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new HttpError(400, `${field} must be a whole number from ${least} to ${most}`, { field });
  }
  return number;
}
