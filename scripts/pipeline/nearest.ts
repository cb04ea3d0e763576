/**
 * ` (did you mean "x"?)` for the one known word that is nearest to the written one; empty if none or several are.
 */
export function didYouMean(written: string, known: readonly string[]): string {
  const limit = Math.min(3, Math.max(1, Math.floor(written.length / 3)));
  const [first, second] = known
    .map((word) => ({ word, distance: distanceOf(written.toLowerCase(), word.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance);
  if (first === undefined || first.distance === second?.distance) return '';
  return ` (did you mean ${JSON.stringify(first.word)}?)`;
}

/** The end of a sentence about a name that there is not. */
export const declared = (names: readonly string[]): string =>
  names.length === 0 ? '; none is declared' : `; declared: ${names.join(', ')}`;

/** A beginning, such as `prod` for `production`, is as near as one wrong letter. */
const distanceOf = (written: string, word: string): number =>
  written.length > 2 && word !== written && word.startsWith(written) ? 1 : editDistance(written, word);

/** Least number of characters to insert, delete, replace, or swap with their neighbour. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const cost = from[row - 1] === to[column - 1] ? 0 : 1;
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
          ? at(beforeLast, column - 2) + 1
          : Infinity;
      current.push(
        Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + cost, swapped),
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, to.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
