/**
 * How the official clients ask again, for calls that do the same when they are made twice: reads, and writes that an
 * etag lets happen once. The clients' own settings leave out quota errors and some reads altogether, and go on for ten
 * minutes, which is longer than Pub/Sub waits for a function.
 * https://cloud.google.com/apis/design/errors#handling_errors
 */
export const askAgain = {
  /** Of one attempt. */
  timeout: 15_000,
  retry: {
    // google.rpc.Code: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE.
    retryCodes: [2, 4, 8, 13, 14],
    backoffSettings: {
      initialRetryDelayMillis: 200,
      retryDelayMultiplier: 2,
      maxRetryDelayMillis: 5_000,
      initialRpcTimeoutMillis: 15_000,
      rpcTimeoutMultiplier: 1,
      maxRpcTimeoutMillis: 15_000,
      totalTimeoutMillis: 45_000,
    },
  },
};
