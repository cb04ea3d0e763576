import { printable, type Style } from '../cli/style.ts';
import type { Tone } from '../../functions/release/timeline.ts';

/** Broken between words at so many columns; later lines are indented. A word that is longer has a line of its own. */
export function wrap(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  // A number stays with its percent sign.
  const whole = printable(text.replace(/\s+/g, ' ').replace(/(\d) %/g, '$1\u00a0%'));
  for (const word of whole.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && indent.length + longer.length > columns) {
      lines.push(indent + line);
      line = word;
    } else line = longer;
  }
  return (line === '' ? lines : [...lines, indent + line]).map((each) => each.replaceAll('\u00a0', ' '));
}

/** A name, then text beside it that goes on below itself. */
export function field(name: string, text: string, columns: number, style: Style): string[] {
  const [first = '', ...rest] = wrap(text, columns, ' '.repeat(nameWidth));
  return [`  ${style.dim(name.padEnd(nameWidth - 2))}${first.trimStart()}`, ...rest];
}

const nameWidth = 18;

/** The text in the colour of how it went. */
export function toned(tone: Tone, text: string, style: Style): string {
  switch (tone) {
    case 'good':
      return style.good(text);
    case 'bad':
      return style.bad(text);
    case 'unsure':
    case 'busy':
      return style.busy(text);
    case 'neutral':
      return style.dim(text);
    default:
      return tone satisfies never;
  }
}

/** One character, which says without a colour how it went. */
export const toneMark = (tone: Tone, style: Style): string =>
  toned(tone, { good: '✓', bad: '✗', unsure: '?', busy: '●', neutral: '·' }[tone], style);
