import type { IncomingMessage, ServerResponse } from 'node:http';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request to an API, with what its path template bound. */
export interface ApiRequest {
  readonly method: HttpMethod;
  /** Decoded fields of the path template. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** The whole body, read once. */
  bytes(): Promise<Buffer>;
  /** The body parsed as JSON; `{}` when empty; INVALID_ARGUMENT when it is not JSON. */
  json(): Promise<unknown>;
  /** For answers that are not JSON (media, git, event streams): write here and return `handled`. */
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** Returned by a handler that has written the response itself. */
export const handled = Symbol('handled');

/**
 * Full control over status and headers of a JSON answer, made with `reply(...)`.
 * A handler's plain return value is answered as 200 with JSON.
 */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** What a request may be made to fail with. */
export type FailureStatus = 409 | 429 | 500 | 503;

export interface Route {
  readonly method: HttpMethod;
  /** A `google.api.http` path template. */
  readonly path: string;
  /** Throws ApiError for errors in Google's form. */
  handle(request: ApiRequest): unknown;
  /** An error in the form of this API, where that is not Google's: for requests that are made to fail. */
  readonly failure?: (status: FailureStatus, message: string) => Reply;
}

/** One product of the local cloud. */
export interface Room {
  readonly name: string;
  readonly routes: readonly Route[];
  /** Called once every room exists and the server listens: resume what was under way when the last run ended. */
  start?(): void | Promise<void>;
  /** Called on shutdown, in reverse order; must end everything the room has started. */
  stop?(): void | Promise<void>;
}
