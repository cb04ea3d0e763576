import type { Series } from './windows.ts';

/** A way of judging with one limit left open. */
export interface Family {
  readonly name: string;
  /** At every look how bad the release seems; a judge with a limit takes it back at the first look above it. */
  readonly looks: (series: Series) => Iterable<Look>;
}

export interface Look {
  /** The index of the stretch after which it is looked. */
  readonly at: number;
  readonly badness: number;
}

/** The stretch after which a release is taken back; undefined if it never is. */
export function takenBack(family: Family, limit: number, series: Series): number | undefined {
  for (const { at, badness } of family.looks(series)) if (badness > limit) return at;
  return undefined;
}

function worstOf(family: Family, series: Series): number {
  let worst = -Infinity;
  for (const { badness } of family.looks(series)) worst = Math.max(worst, badness);
  return worst;
}

/** The lowest limit that takes back at most `share` of these. */
export function limitFor(family: Family, good: readonly Series[], share: number): number {
  const worst = good.map((series) => worstOf(family, series)).sort((a, b) => b - a);
  return worst[Math.floor(share * good.length)] ?? -Infinity;
}
