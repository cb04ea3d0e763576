export interface Message {
  readonly id: number;
  readonly author: string;
  readonly text: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** What streaming sends: a message, or how the stream stands. */
export type Frame =
  | { readonly type: 'message'; readonly message: Message }
  | { readonly type: 'ready' | 'interrupted' | 'other' };

/** Limits of the api, in characters. */
export const maxAuthorLength = 40;
export const maxTextLength = 2000;

/** Decodes a message. Throws when it is none. */
export function decodeMessage(value: unknown): Message {
  if (isObject(value)) {
    const { id, author, text, createdAt } = value;
    const dated = typeof createdAt === 'string' && !Number.isNaN(Date.parse(createdAt));
    if (Number.isSafeInteger(id) && typeof author === 'string' && typeof text === 'string' && dated) {
      return { id: Number(id), author, text, createdAt };
    }
  }
  throw new Error('not a message');
}

/** Decodes what streaming sends. A kind of frame that this page does not know yet is `other`, to be passed over. */
export function decodeFrame(json: string): Frame | 'invalid' {
  try {
    const value: unknown = JSON.parse(json);
    if (!isObject(value) || typeof value['type'] !== 'string') return 'invalid';
    const { type } = value;
    if (type === 'message') return { type, message: decodeMessage(value) };
    return { type: type === 'ready' || type === 'interrupted' ? type : 'other' };
  } catch {
    return 'invalid';
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
