/** Probabilities of the whole numbers from `low` on; what lies outside is too unlikely to matter. */
export interface Distribution {
  readonly low: number;
  readonly mass: Float64Array;
}

/** Beyond this share of the highest probability a tail is cut: far below any error rate that anybody asks for. */
const negligible = 1e-15;

/** The distribution on `low..high` whose neighbours stand to each other as `ratio(k) = P(k + 1) / P(k)`, falling in k. */
function fromRatios(low: number, high: number, ratio: (k: number) => number): Distribution {
  let mode = low;
  for (let above = high; mode < above;) {
    const middle = Math.floor((mode + above) / 2);
    if (ratio(middle) > 1) mode = middle + 1;
    else above = middle;
  }
  const down: number[] = [];
  for (let k = mode - 1, p = 1; k >= low; k -= 1) {
    p /= ratio(k);
    if (p < negligible) break;
    down.push(p);
  }
  const up: number[] = [];
  for (let k = mode, p = 1; k < high; k += 1) {
    p *= ratio(k);
    if (p < negligible) break;
    up.push(p);
  }
  const mass = Float64Array.from([...down.reverse(), 1, ...up]);
  const sum = mass.reduce((total, p) => total + p, 0);
  return { low: mode - down.length, mass: mass.map((p) => p / sum) };
}

/** How many of `total` answers are bad when each is with probability `rate`. */
export function binomial(total: number, rate: number): Distribution {
  return fromRatios(0, total, (k) => ((total - k) / (k + 1)) * (rate / (1 - rate)));
}

/**
 * How many of `bad` bad answers are ours when `ours` and `theirs` answers were given and ours have `oddsRatio` times the
 * odds of being bad: the hypergeometric distribution (Fisher's exact test), non-central where the ratio is not 1. It
 * holds whatever the rate of bad answers is, and needs no guess of it.
 */
export function sharedOut(ours: number, theirs: number, bad: number, oddsRatio: number): Distribution {
  const low = Math.max(0, bad - theirs);
  const high = Math.min(bad, ours);
  return fromRatios(
    low,
    high,
    (k) => (oddsRatio * (ours - k) * (bad - k)) / ((k + 1) * (theirs - bad + k + 1)),
  );
}

export function mean({ low, mass }: Distribution): number {
  return mass.reduce((sum, p, index) => sum + p * (low + index), 0);
}

/** The distribution of the sum of two independent numbers. Plain loops: nearly all of a test's time is spent here. */
export function plus(a: Distribution, b: Distribution): Distribution {
  const [long, short] = a.mass.length >= b.mass.length ? [a.mass, b.mass] : [b.mass, a.mass];
  const mass = new Float64Array(long.length + short.length - 1);
  for (let j = 0; j < short.length; j += 1) {
    const q = short[j] ?? 0;
    for (let i = 0; i < long.length; i += 1) mass[i + j] = (mass[i + j] ?? 0) + q * (long[i] ?? 0);
  }
  return { low: a.low + b.low, mass };
}
