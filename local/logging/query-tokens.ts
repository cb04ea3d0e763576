import { ApiError } from '../core/api-error.ts';

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | ':' | '=~' | '!~';

export type Token =
  | { readonly kind: 'open' | 'close' | 'comma' | 'minus'; readonly at: number }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly at: number }
  | {
      readonly kind: 'term';
      /** The term as text, quotes and escapes resolved. */
      readonly text: string;
      /** The term split at its dots, those in quotes left alone: `labels."a.b"` is `['labels', 'a.b']`. */
      readonly path: readonly string[];
      /** The whole term is one quoted string: never a keyword, a number or a wildcard. */
      readonly quoted: boolean;
      readonly at: number;
    };

/** Longest first, so that `>=` is not read as `>`. */
const operators: readonly Operator[] = ['>=', '<=', '!=', '=~', '!~', '=', '>', '<', ':'];

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

/** The string that opens at `start`, and the index behind its closing quote. */
function quotedString(source: string, start: number): { text: string; end: number } {
  const quote = source.charAt(start);
  let text = '';
  for (let index = start + 1; index < source.length; index += 1) {
    const character = source.charAt(index);
    if (character === quote) return { text, end: index + 1 };
    if (character !== '\\') {
      text += character;
      continue;
    }
    index += 1;
    const escaped = source.charAt(index);
    // An unknown escape keeps its backslash: regular expressions are written as "\d+".
    text += escapes[escaped] ?? `\\${escaped}`;
  }
  throw new ApiError('INVALID_ARGUMENT', `Unparseable filter: the string at ${start} is not closed`);
}

/** A term: letters, digits, dots and quoted parts, up to a blank, a bracket or an operator. */
function term(source: string, start: number): { token: Token; end: number } {
  const path = [''];
  let text = '';
  let index = start;
  let quotedEnd = -1;
  while (index < source.length) {
    const character = source.charAt(index);
    if (character === '"' || character === "'") {
      const quoted = quotedString(source, index);
      if (index === start) quotedEnd = quoted.end;
      path[path.length - 1] = `${path.at(-1) ?? ''}${quoted.text}`;
      text += quoted.text;
      index = quoted.end;
      continue;
    }
    if (/[\s(),=!<>:~]/.test(character)) break;
    if (character === '.') path.push('');
    else path[path.length - 1] = `${path.at(-1) ?? ''}${character}`;
    text += character;
    index += 1;
  }
  return { token: { kind: 'term', text, path, quoted: quotedEnd === index, at: start }, end: index };
}

/** The tokens of a Logging query. Throws INVALID_ARGUMENT with the place of what it cannot read. */
export function queryTokens(source: string): Token[] {
  const tokens: Token[] = [];
  let index = 0;
  while (index < source.length) {
    const character = source.charAt(index);
    const previous = tokens.at(-1)?.kind;
    if (/\s/.test(character)) {
      index += 1;
    } else if (source.startsWith('--', index)) {
      const end = source.indexOf('\n', index);
      index = end === -1 ? source.length : end;
    } else if (character === '(' || character === ')' || character === ',') {
      tokens.push({ kind: character === '(' ? 'open' : character === ')' ? 'close' : 'comma', at: index });
      index += 1;
    } else if (character === '-' && previous !== 'operator') {
      tokens.push({ kind: 'minus', at: index });
      index += 1;
    } else {
      const operator = operators.find((candidate) => source.startsWith(candidate, index));
      if (operator) {
        tokens.push({ kind: 'operator', operator, at: index });
        index += operator.length;
        continue;
      }
      const read = term(source, index);
      if (read.end === index) {
        throw new ApiError('INVALID_ARGUMENT', `Unparseable filter: unexpected "${character}" at ${index}`);
      }
      tokens.push(read.token);
      index = read.end;
    }
  }
  return tokens;
}
