import { colourPattern, visibleLength } from '../cli/style.ts';

/** The line, cut to so many columns: longer ones would wrap, and what is drawn over them would start in the wrong row. */
export function fit(line: string, columns: number): string {
  if (visibleLength(line) <= columns) return line;
  let shown = 0;
  let result = '';
  for (const part of line.split(colourPattern)) {
    if (part.startsWith('\u001b')) result += part;
    else {
      const room = Math.max(0, columns - 1 - shown);
      result += part.length > room ? `${part.slice(0, room)}${room > 0 ? '…' : ''}` : part;
      shown += part.length;
    }
  }
  return result;
}
