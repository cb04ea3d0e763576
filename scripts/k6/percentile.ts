/**
 * The percentile of values that are in order already, as k6 computes it: linear between the two neighbours of the place
 * `percent / 100 * (count - 1)`. 0 of no values.
 */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}
