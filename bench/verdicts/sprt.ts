import type { Series } from './windows.ts';
import { canaryShare } from './truth.ts';

/**
 * Wald's sequential test told the true ratio of the error rates: no test of the same events that must be right about
 * equal rates is much quicker on average, and none that does not know the ratio can be expected to be as quick.
 */
export function sprt(series: Series, ratio: number, falseAlarmRate: number): number | undefined {
  let evidence = 0;
  for (const [at, bad] of series.candidateBad.entries()) {
    const all = bad + (series.stableBad[at] ?? 0);
    evidence += bad * Math.log(ratio) - all * Math.log(ratio * canaryShare + 1 - canaryShare);
    if (evidence >= Math.log(1 / falseAlarmRate)) return at;
  }
  return undefined;
}
