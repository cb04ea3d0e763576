import { ApiError } from '../core/api-error.ts';
import { Reply, type ApiRequest, type FailureStatus, type HttpMethod, type Route } from '../core/room.ts';

/** The reasons of Cloud Storage's errors with their HTTP status. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
const statusOf = {
  invalid: 400,
  required: 400,
  badRequest: 400,
  notFound: 404,
  conflict: 409,
  uploadGone: 410,
  conditionNotMet: 412,
  requestedRangeNotSatisfiable: 416,
  rateLimitExceeded: 429,
  clientClosedRequest: 499,
  internalError: 500,
  notImplemented: 501,
  backendError: 503,
} as const;

export type StorageReason = keyof typeof statusOf;

/** An error in the form of Cloud Storage, which is not that of Google's other APIs. */
export class StorageError extends Error {
  readonly reason: StorageReason;

  constructor(reason: StorageReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StorageError';
    this.reason = reason;
  }

  get status(): number {
    return statusOf[this.reason];
  }

  toJson(): object {
    const { status: code, message, reason } = this;
    return { error: { code, message, errors: [{ message, domain: 'global', reason }] } };
  }
}

/** Not an error: the client has the newest version already. */
export class NotModified extends Error {}

const reasonOf: Partial<Record<ApiError['code'], StorageReason>> = {
  INVALID_ARGUMENT: 'invalid',
  NOT_FOUND: 'notFound',
  UNIMPLEMENTED: 'notImplemented',
};

const failureReason: Readonly<Record<FailureStatus, StorageReason>> = {
  409: 'conflict',
  429: 'rateLimitExceeded',
  500: 'internalError',
  503: 'backendError',
};

/** A route whose errors are answered in Cloud Storage's form. */
export function storageRoute(
  method: HttpMethod,
  path: string,
  handle: (request: ApiRequest) => unknown,
): Route {
  return {
    method,
    path,
    failure: (status, message) =>
      new Reply(status, new StorageError(failureReason[status], message).toJson()),
    async handle(request) {
      try {
        return await handle(request);
      } catch (thrown) {
        if (thrown instanceof NotModified) return new Reply(304, undefined);
        if (thrown instanceof StorageError) return new Reply(thrown.status, thrown.toJson());
        const reason = thrown instanceof ApiError ? reasonOf[thrown.code] : undefined;
        // What is nobody's fault but ours goes to the server, which logs it.
        if (reason === undefined || !(thrown instanceof ApiError)) throw thrown;
        const error = new StorageError(reason, thrown.message, { cause: thrown });
        return new Reply(error.status, error.toJson());
      }
    },
  };
}
