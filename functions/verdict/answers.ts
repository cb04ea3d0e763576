/**
 * The answers of one side in one stretch of time. For streaming an answer is a connection: an error is one that the
 * server ended early, the latency is the time to the first message.
 */
export interface Answers {
  readonly total: number;
  /** Part of `total`. */
  readonly errors: number;
  /** How many answers fell into each bucket of `latencyBoundsMs`, one more for those beyond the last bound. */
  readonly latency: readonly number[];
}

/** Both sides at the same time under the same load. */
export interface Stretch {
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly candidate: Answers;
  /** Undefined where nothing else served: a first release, or a candidate that has all traffic. */
  readonly stable?: Answers | undefined;
}
