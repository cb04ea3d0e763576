import type { Family, Look } from './judge.ts';
import { windowsOf, type Window } from './windows.ts';

export interface ThresholdShape {
  readonly intervalSeconds: number;
  /** So many checks have to fail. */
  readonly failures: number;
  /** One after the other, or in all. */
  readonly counted: 'in a row' | 'in all';
}

/** At each check the highest limit that the candidate would have failed often enough by now. */
function looksAt(windows: readonly Window[], { failures, counted }: ThresholdShape): Look[] {
  const seen: number[] = [];
  return windows.flatMap(({ at, candidate }) => {
    // A check without data neither fails nor passes.
    if (candidate === undefined) return [];
    seen.push(candidate);
    if (seen.length < failures) return [];
    if (counted === 'in a row') return [{ at, badness: Math.min(...seen.slice(-failures)) }];
    seen.sort((a, b) => b - a).splice(failures);
    return [{ at, badness: seen[failures - 1] ?? 0 }];
  });
}

/** A fixed threshold on the candidate's metric over a number of checks: the way of Flagger and Argo Rollouts. */
export function thresholdFamily(shape: ThresholdShape): Family {
  return {
    name: `${shape.failures} checks ${shape.counted} each ${shape.intervalSeconds} s`,
    looks: (series) => looksAt(windowsOf(series, shape.intervalSeconds), shape),
  };
}

/** What is tried when the threshold is tuned. */
export const thresholdShapes: readonly ThresholdShape[] = [10, 20, 30, 60, 120, 300].flatMap(
  (intervalSeconds) =>
    [1, 2, 3, 5].flatMap((failures): ThresholdShape[] => [
      { intervalSeconds, failures, counted: 'in a row' },
      ...(failures === 1 ? [] : [{ intervalSeconds, failures, counted: 'in all' as const }]),
    ]),
);
