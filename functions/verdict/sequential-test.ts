import type { Distribution } from './distribution.ts';
import { advance, walkStart, type Walk } from './exact-walk.ts';
import { spendable } from './spendable.ts';

/** What one stretch adds to a test. */
export interface Step {
  readonly count: number;
  /** Of `count` under the null hypothesis. */
  readonly distribution: Distribution;
  /** How many bad answers the null hypothesis lets expect of the candidate: the clock by which error is spent. */
  readonly expected: number;
}

/**
 * Whether the candidate is surely so; `error` is the chance to ever say it wrongly, however often one looks. The answer
 * is the index of the first stretch at which it is, undefined if it never is.
 */
export type Test<T> = (stretches: readonly T[], limit: number, error: number) => number | undefined;

/** A walk with a clock of its own and what it may spend. */
interface Watch {
  readonly walk: Walk;
  readonly expected: number;
  readonly error: number;
}

const watch = (error: number): Watch => ({ walk: walkStart, expected: 0, error });

/**
 * A watch ends when so many bad answers of the candidate were to be expected. By then a difference of a fifth is found,
 * hardly any error is left to be spent, and the exact distribution has become wide and slow to follow.
 */
const expectedAtMost = 500;

function next(before: Watch, step: Step): Watch {
  const expected = before.expected + step.expected;
  const allowed = before.error * spendable(expected);
  return { ...before, expected, walk: advance(before.walk, step.distribution, step.count, allowed) };
}

const lasts = ({ expected }: Watch): boolean => expected <= expectedAtMost;

/** Watches from the start. */
export const testOf =
  <T>(stepOf: (stretch: T, limit: number) => Step | undefined): Test<T> =>
  (stretches, limit, error) => {
    let whole = watch(error);
    for (const [index, stretch] of stretches.entries()) {
      const step = stepOf(stretch, limit);
      if (step === undefined) continue;
      whole = next(whole, step);
      if (whole.walk.stopped) return index;
      if (!lasts(whole)) return undefined;
    }
    return undefined;
  };

/** What goes to the watches that begin later. */
const laterShare = 0.1;
/** Another watch begins whenever the clock has grown by this factor, or by half of what a watch lasts. */
const growth = 1.25;
/** Of those that began later only the last so many go on. */
const laterAtMost = 4;

/**
 * Watches from the start and again and again, so that what was good for hours cannot hide for long what has gone bad
 * since: the j-th later watch has the share 1/(j(j+1)) of what is put aside for them, which adds up to all of it.
 */
export const testForgetting =
  <T>(stepOf: (stretch: T, limit: number) => Step | undefined): Test<T> =>
  (stretches, limit, error) => {
    let whole = [watch(error * (1 - laterShare))];
    let later: Watch[] = [];
    let begun = 0;
    let clock = 0;
    let nextAt = 1;
    for (const [index, stretch] of stretches.entries()) {
      const step = stepOf(stretch, limit);
      if (step === undefined) continue;
      if (clock >= nextAt) {
        begun += 1;
        nextAt = Math.min(clock * growth, clock + expectedAtMost / 2);
        later = [...later.slice(1 - laterAtMost), watch((error * laterShare) / (begun * (begun + 1)))];
      }
      clock += step.expected;
      whole = whole.map((one) => next(one, step));
      later = later.map((one) => next(one, step));
      if ([...whole, ...later].some(({ walk }) => walk.stopped)) return index;
      whole = whole.filter(lasts);
      later = later.filter(lasts);
    }
    return undefined;
  };
