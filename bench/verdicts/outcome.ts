import { stretchSeconds } from './truth.ts';

/** What a way of judging made of many releases of which the same is true. */
export interface Outcome {
  /** The share of releases that were taken back. */
  readonly takenBack: number;
  /** Minutes; the horizon where it was not taken back. */
  readonly medianMinutes: number;
  /** Bad answers that the candidate gave until then. */
  readonly meanBad: number;
  readonly medianBad: number;
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** `bad`: of the candidate, for each release a row of stretches. `decided`: the stretch after which it was taken back. */
export function outcomeOf(bad: readonly Uint32Array[], decided: readonly (number | undefined)[]): Outcome {
  const served = bad.map((row, run) =>
    row.slice(0, (decided[run] ?? row.length) + 1).reduce((a, b) => a + b, 0),
  );
  const stretches = bad.map((row, run) => Math.min((decided[run] ?? row.length) + 1, row.length));
  return {
    takenBack: decided.filter((at) => at !== undefined).length / decided.length,
    medianMinutes: (medianOf(stretches) * stretchSeconds) / 60,
    meanBad: served.reduce((a, b) => a + b, 0) / served.length,
    medianBad: medianOf(served),
  };
}
