/**
 * The fewest of the items with which it still fails: whole halves are left out first, then ever smaller parts (delta
 * debugging: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input").
 */
export async function minimise<T>(
  items: readonly T[],
  stillFails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  if (items.length > 0 && (await stillFails([]))) return [];
  let left = items;
  for (let parts = 2; left.length > 1;) {
    const size = Math.ceil(left.length / parts);
    const smaller = await firstThatFails(left, size, stillFails);
    if (smaller) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) return left;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

async function firstThatFails<T>(
  items: readonly T[],
  size: number,
  stillFails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  for (let start = 0; start < items.length; start += size) {
    const without = [...items.slice(0, start), ...items.slice(start + size)];
    if (without.length < items.length && (await stillFails(without))) return without;
  }
  return undefined;
}
