/** Colours for a terminal; none where the output is no terminal or NO_COLOR is set. https://no-color.org */
export interface Style {
  good(text: string): string;
  bad(text: string): string;
  busy(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

export function createStyle(colours: boolean): Style {
  const wrap =
    (code: string) =>
    (text: string): string =>
      colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  return { good: wrap('32'), bad: wrap('31'), busy: wrap('33'), dim: wrap('2'), strong: wrap('1') };
}

export const useColours = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';

const escape = String.fromCharCode(27);
/** Splits a text at its colours, which it keeps. */
export const colourPattern = new RegExp(`(${escape}\\[\\d+m)`, 'g');

/** Text from elsewhere without what would steer the terminal: a status or a commit's subject may hold anything. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, '·');

/** Columns that the text takes on a terminal. */
export const visibleLength = (text: string): number => text.replace(colourPattern, '').length;

/** Rows of cells as aligned lines, two blanks between columns. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell))));
  return rows.map((row) =>
    row
      .map((cell, index) =>
        index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - visibleLength(cell)),
      )
      .join('  ')
      .trimEnd(),
  );
}
