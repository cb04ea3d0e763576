import { decodeMessage, isObject } from './message.ts';
import type { Message } from './message.ts';

export interface Page {
  readonly messages: readonly Message[];
  /** Whether there are messages after the last one of this page. */
  readonly more: boolean;
}

export type PostResult =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly error: string; readonly field: 'author' | 'text' | undefined };

const timeoutMs = 8000;

/** Reads the newest messages, or those after a cursor. Throws when the api cannot be reached or fails. */
export async function fetchPage(
  apiUrl: string,
  after: number | undefined,
  signal: AbortSignal,
): Promise<Page> {
  const response = await fetch(
    `${apiUrl}/messages?limit=100${after === undefined ? '' : `&after=${after}`}`,
    {
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    },
  );
  const body: unknown = response.ok ? await response.json() : undefined;
  if (!isObject(body) || !Array.isArray(body['messages']))
    throw new Error(`the api answered ${response.status}`);
  return { messages: body['messages'].map(decodeMessage), more: body['more'] === true };
}

/** Posts a message. Never throws: what went wrong is said in words for the person who wrote it. */
export async function postMessage(
  apiUrl: string,
  author: string,
  text: string,
  traceparent?: string,
): Promise<PostResult> {
  try {
    const response = await fetch(`${apiUrl}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(traceparent ? { traceparent } : {}) },
      body: JSON.stringify({ author, text }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    if (response.ok) return { ok: true, message: decodeMessage(body) };
    if (response.status === 400 && isObject(body) && typeof body['error'] === 'string') {
      const { error, field } = body;
      return {
        ok: false,
        error: capitalise(error),
        field: field === 'author' || field === 'text' ? field : undefined,
      };
    }
    return refuse('The board could not take your message just now. Please try again.');
  } catch {
    return refuse('The board cannot be reached. Your message is still here: please try again.');
  }
}

function refuse(error: string): PostResult {
  return { ok: false, error, field: undefined };
}

function capitalise(sentence: string): string {
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}
