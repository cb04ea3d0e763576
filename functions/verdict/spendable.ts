/**
 * The share of an error rate that may be spent once so many bad answers of the candidate were to be expected: half of it
 * by the third, so that a candidate that is much worse is found by its first few bad answers, and one that is a little
 * worse still can be found after hundreds.
 */
export function spendable(expected: number): number {
  return expected / (expected + 3);
}
