import type { AnswerHead } from './probe-answer.ts';

/** A connection that was answered, whether it came about or not. */
export interface StreamConnection {
  readonly head: AnswerHead;
  /** What else is wrong with how it was opened. */
  readonly fault: string | undefined;
  /** Yields with each message; returns in words how it ended once the other side has closed it. */
  readonly messages: AsyncIterator<undefined, string>;
}
