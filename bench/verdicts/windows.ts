import type { Answers } from '../../functions/verdict/answers.ts';
import { slowerThan } from '../../functions/verdict/latency-bounds.ts';
import type { Release } from './simulate.ts';
import { stretchSeconds } from './truth.ts';

/** What counts as a bad answer. */
export type BadAnswers = (answers: Answers) => number;

export const failed: BadAnswers = ({ errors }) => errors;
export const slowerThanBound =
  (bound: number): BadAnswers =>
  (answers) =>
    slowerThan(answers, bound);

/** One kind of bad answer through a release, a column for each number and a row for each stretch. */
export interface Series {
  readonly candidateTotal: Uint32Array;
  readonly candidateBad: Uint32Array;
  readonly stableTotal: Uint32Array;
  readonly stableBad: Uint32Array;
}

export function seriesOf(release: Release, bad: BadAnswers): Series {
  return {
    candidateTotal: Uint32Array.from(release, ({ candidate }) => candidate.total),
    candidateBad: Uint32Array.from(release, ({ candidate }) => bad(candidate)),
    stableTotal: Uint32Array.from(release, ({ stable }) => stable?.total ?? 0),
    stableBad: Uint32Array.from(release, ({ stable }) => (stable === undefined ? 0 : bad(stable))),
  };
}

/** The share of bad answers in one window; undefined where a side gave no answer. */
export interface Window {
  /** The index of its last stretch. */
  readonly at: number;
  readonly candidate: number | undefined;
  readonly stable: number | undefined;
}

function shareIn(bad: Uint32Array, total: Uint32Array, start: number, end: number): number | undefined {
  let [badSum, sum] = [0, 0];
  for (let row = start; row < end; row += 1) {
    badSum += bad[row] ?? 0;
    sum += total[row] ?? 0;
  }
  return sum === 0 ? undefined : badSum / sum;
}

/** What a metrics server would give: one value a window for each side. */
export function windowsOf(series: Series, seconds: number): Window[] {
  const width = seconds / stretchSeconds;
  return Array.from({ length: Math.floor(series.candidateBad.length / width) }, (_, index) => {
    const [start, end] = [index * width, (index + 1) * width];
    return {
      at: end - 1,
      candidate: shareIn(series.candidateBad, series.candidateTotal, start, end),
      stable: shareIn(series.stableBad, series.stableTotal, start, end),
    };
  });
}
