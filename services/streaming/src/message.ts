export interface Message {
  readonly id: number;
  readonly author: string;
  readonly text: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

/** What a client is sent, a JSON text each. */
export type Frame =
  /** A message, in the order of the ids. */
  | ({ readonly type: 'message' } & Message)
  /** All up to `lastId` has been sent; what is new follows as it comes. */
  | { readonly type: 'ready'; readonly lastId: number }
  /** New messages are not seen for the moment. Another `ready` follows once those that were missed are sent. */
  | { readonly type: 'interrupted' };
