/** google.rpc.Code by name, with the HTTP status that Google's front ends answer. */
const httpStatusOf = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  UNAUTHENTICATED: 401,
} as const;

export type StatusCode = keyof typeof httpStatusOf;

/** google.rpc.Code numbers, as they stand in an operation's `error.code`. */
const codeNumberOf: Record<StatusCode, number> = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};

/** An answer in the form of google.rpc.Status. Rooms throw it; the server writes it. */
export class ApiError extends Error {
  readonly code: StatusCode;
  readonly details: readonly unknown[];

  constructor(
    code: StatusCode,
    message: string,
    options: { cause?: unknown; details?: readonly unknown[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.details = options.details ?? [];
  }

  get httpStatus(): number {
    return httpStatusOf[this.code];
  }

  /** `google.rpc.Status` for a long-running operation: `{code: <number>, message}`. */
  toStatus(): { code: number; message: string } {
    return { code: codeNumberOf[this.code], message: this.message };
  }

  /** The REST error envelope: `{error: {code: <http>, message, status, details?}}`. */
  toJson(): { error: { code: number; message: string; status: StatusCode; details?: readonly unknown[] } } {
    const { code, message, details } = this;
    return {
      error: { code: this.httpStatus, message, status: code, ...(details.length > 0 ? { details } : {}) },
    };
  }
}

/** Any thrown value as an ApiError; what is not one is INTERNAL with its cause kept. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ApiError('INTERNAL', message, { cause: thrown });
}
