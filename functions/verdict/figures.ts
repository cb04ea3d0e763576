import type { Count } from './counts.ts';
import type { CountState } from './judge-count.ts';
import type { RatioInterval } from './ratio-interval.ts';
import type { Tally } from './samples.ts';

/** What one count came to. */
export interface CountFigures {
  /** What a bad answer did, as the end of a sentence: "failed". */
  readonly was: string;
  readonly state: CountState;
  readonly candidate: Tally;
  readonly stable: Tally;
  /** Of the odds of a bad answer. */
  readonly ratio: RatioInterval;
  /** The candidate held against a limit, whatever stable does. */
  readonly alone: Tally & Pick<Count['alone'], 'was' | 'limit' | 'binding'>;
}
