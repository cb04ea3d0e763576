import { fit } from '../watch/fit.ts';

/** Draws over what it drew before; a line longer than the terminal is wide would leave that place. */
export function createScreen(output: NodeJS.WriteStream): (lines: readonly string[]) => void {
  let drawn = 0;
  return (lines) => {
    const shown = lines.slice(0, Math.max(5, output.rows - 1)).map((line) => fit(line, output.columns));
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    output.write(`${up}\u001b[0J${shown.join('\n')}\n`);
    drawn = shown.length;
  };
}
