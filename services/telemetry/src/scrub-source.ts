import { removed, scrubWhole } from './scrub.ts';

/** Longer than anybody writes a line of code. */
const longestLine = 1000;

/** A text in quotes, on one line. */
const literal = /(["'`])((?:\\.|(?!\1)[^\\])*)\1/g;
const secretName =
  /passw|passphrase|pwd|secret|token|api.?key|private.?key|credential|authorization|cookie|dsn|salt/i;
/** What a key looks like that was written down: long, in one piece, letters and digits; no path. */
const keyLike = /^(?=.*\d)(?=.*[a-z])(?=.*[\w+=-]{20})[\w+/=-]+$/i;

/** The name of a variable of the environment. */
const variable = /^[A-Z]+(?:_[A-Z]+)+$/;

/**
 * The lines of a source without what looks secret or personal: what texts lose, and of a line that names a secret all
 * its literals. Sources should have none of it; but what was pushed by mistake is not to be sent about, too.
 */
export function scrubSource(content: string): string[] {
  const lines = content.split(/\r?\n/).map((line) => (line.length > longestLine ? removed : line));
  // As one text: a secret may stand on the line below its name.
  return scrubWhole(lines.join('\n')).split('\n').map(scrubLiterals);
}

function scrubLiterals(line: string): string {
  // A sentence names no secret, it speaks of one: messages of errors are kept.
  const names = line.replace(literal, (_all, _quote, text: string) => (/\s/.test(text) ? '' : text));
  const secret = secretName.test(names);
  return line.replace(literal, (all, quote: string, text: string) => {
    return text !== '' && (keyLike.test(text) || (secret && !variable.test(text)))
      ? `${quote}${removed}${quote}`
      : all;
  });
}
