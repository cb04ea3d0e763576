import type { Sample } from './samples.ts';
import { surelyBetter, surelyWorseInAll } from './surely.ts';

/** Bounds of the candidate's odds of a bad answer as a multiple of stable's; undefined where there is none yet. */
export interface RatioInterval {
  readonly least: number | undefined;
  readonly most: number | undefined;
}

/** Four to the octave, from 1/64 to 64. */
const ratios: readonly number[] = Array.from({ length: 49 }, (_, index) => 2 ** ((index - 24) / 4));

/** How many from the start of `ratios` are so; true ones must come first. */
function leading(isSo: (ratio: number) => boolean): number {
  let [low, high] = [0, ratios.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isSo(ratios[middle] ?? 1)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The two tests, asked of every ratio: each end is wrong with its own error, however often one looks. */
export function ratioInterval(
  samples: readonly Sample[],
  errors: { readonly least: number; readonly most: number },
): RatioInterval {
  const refuted = leading((ratio) => surelyWorseInAll(samples, ratio, errors.least) !== undefined);
  const possible = leading((ratio) => surelyBetter(samples, ratio, errors.most) === undefined);
  return { least: ratios[refuted - 1], most: ratios[possible] };
}
