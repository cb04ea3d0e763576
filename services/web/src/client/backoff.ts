/** How long to wait before try `attempt` (from 0): doubling from half a second to ten, less up to a half at random. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(10_000, 500 * 2 ** attempt);
  return Math.round(longest * (1 - random() / 2));
}
