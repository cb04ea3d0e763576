/** Widths in ems of a proportional sans serif, on the wide side: the font is the reader's, and text must never be cut. */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[ .,:;'|!ijltI()[\]·/-]/, 0.4],
  [/[fr]/, 0.46],
  [/[s"*]/, 0.55],
  [/[mwMW%@—…]/, 0.98],
  [/[A-Z&]/, 0.74],
  [/[\u0020-\u024f\u2010-\u203a]/, 0.64],
];

const widthOf = (character: string): number =>
  widths.find(([pattern]) => pattern.test(character))?.[1] ?? 1.2;

/** Bold letters are so many times as wide: for the size that is measured with. */
export const boldness = 1.12;

/** Pixels that the text takes at most, at this font size. */
export function textWidth(text: string, size: number): number {
  let ems = 0;
  for (const character of text) ems += widthOf(character);
  return ems * size;
}

const segments = (text: string): string[] =>
  [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment);

/** The text, or as much of its beginning as fits, with an ellipsis. Empty where not even that fits. */
export function shortened(text: string, size: number, room: number): string {
  if (textWidth(text, size) <= room) return text;
  let kept = '';
  for (const segment of segments(text)) {
    if (textWidth(`${kept}${segment}…`, size) > room) break;
    kept += segment;
  }
  // Rather a word less than half of one.
  const whole = kept.replace(/\s\S{0,12}$/, '');
  return kept === '' ? '' : `${whole.trimEnd()}…`;
}

/** As many lines as it takes, broken between words; what does not fit into `lines` is left out with an ellipsis. */
export function wrapped(text: string, size: number, room: number, lines: number): string[] {
  // A number stays with its percent sign.
  const words = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/(\d) %/g, '$1\u00a0%')
    .split(' ');
  const result: string[] = [];
  while (words.length > 0 && result.length < lines) {
    if (result.length === lines - 1) {
      result.push(shortened(words.join(' '), size, room));
      break;
    }
    let line = words.shift() ?? '';
    while (words[0] !== undefined && textWidth(`${line} ${words[0]}`, size) <= room)
      line += ` ${words.shift() ?? ''}`;
    result.push(shortened(line, size, room));
  }
  return result;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and attributes of XML 1.0, which has no place for control characters at all, nor for half of a pair. */
export const xml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .replace(/[&<>"']/g, (character) => entities[character] ?? '');
