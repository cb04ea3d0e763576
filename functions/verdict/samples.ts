/** Answers of one side that were looked at for one kind of badness. */
export interface Tally {
  readonly total: number;
  readonly bad: number;
}

/** One kind of badness in one stretch of time. */
export interface Sample {
  readonly candidate: Tally;
  readonly stable: Tally;
}

export const nothing: Tally = { total: 0, bad: 0 };
const blank: Sample = { candidate: nothing, stable: nothing };

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((a, b) => ({ total: a.total + b.total, bad: a.bad + b.bad }), nothing);
}

/** With so many answers together the two sides say nearly as much as if their load had been known. */
const enoughToCompare = 20;

/**
 * Each stretch joined with those after it until there are enough answers, because two answers alone tell nothing of one
 * another. A joined sample stands in the place of its last stretch, the others are blank, so that an index keeps its
 * meaning. Only the number of answers decides, never how many are bad: the tests stay exact.
 */
export function joined(samples: readonly Sample[]): Sample[] {
  let open = blank;
  return samples.map(({ candidate, stable }) => {
    open = { candidate: sum([open.candidate, candidate]), stable: sum([open.stable, stable]) };
    if (open.candidate.total + open.stable.total < enoughToCompare) return blank;
    const whole = open;
    open = blank;
    return whole;
  });
}

/** Below this share of the answers the stable side cannot show how the candidate should do. */
const leastStableShare = 0.02;

export function isComparable({ candidate, stable }: Sample): boolean {
  return stable.total > 0 && stable.total >= leastStableShare * (candidate.total + stable.total);
}

/** Only those that pass; the others are blank. */
export function only(samples: readonly Sample[], passes: (sample: Sample) => boolean): Sample[] {
  return samples.map((sample) => (passes(sample) ? sample : blank));
}

/** The index of the stretch from which on the candidate gave the later half of its answers. */
export function halfWay(candidate: readonly Tally[]): number {
  const half = sum(candidate).total / 2;
  let before = 0;
  const start = candidate.findIndex(({ total }) => (before += total) > half);
  return Math.max(start, 0);
}
