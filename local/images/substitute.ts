/** The value of a variable, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** The index of the `}` that closes the `{` at `open`, nested ones passed over; -1 when there is none. */
function closing(text: string, open: number, escape: string): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === escape) index += 1;
    else if (char === '{') depth += 1;
    else if (char === '}') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

function expand(inner: string, lookup: Lookup, escape: string): string {
  const name = /^[A-Za-z_]\w*/.exec(inner)?.[0];
  if (name === undefined) throw new Error(`\${${inner}} is no substitution`);
  const value = lookup(name);
  const tail = inner.slice(name.length);
  if (tail === '') return value ?? '';
  const form = /^(:?)([-+?])(.*)$/s.exec(tail);
  if (!form)
    throw new Error(
      `\${${inner}} is not supported: use \${${name}}, \${${name}:-default} or \${${name}:+alternative}`,
    );
  const [, colon, sign, word = ''] = form;
  const isSet = value !== undefined && (colon === '' || value !== '');
  if (sign === '+') return isSet ? substitute(word, lookup, escape) : '';
  if (isSet) return value;
  if (sign === '?') throw new Error(`${name} is not set: ${substitute(word, lookup, escape)}`);
  return substitute(word, lookup, escape);
}

/**
 * A word of a Dockerfile with `$X`, `${X}`, `${X:-d}`, `${X:+a}`, `${X:?e}` substituted and its quotes and escapes
 * taken off. What is not set is empty. Throws for a form that is not supported.
 */
export function substitute(word: string, lookup: Lookup, escape = '\\'): string {
  let result = '';
  let quote = '';
  for (let index = 0; index < word.length; index += 1) {
    const char = word.charAt(index);
    const next = word.charAt(index + 1);
    if (quote === "'") {
      if (char === "'") quote = '';
      else result += char;
    } else if (char === escape && next !== '') {
      // Within double quotes the escape is only one before what it could mean something for.
      if (quote === '"' && !['"', '$', escape].includes(next)) result += char;
      result += next;
      index += 1;
    } else if (char === '"' || (char === "'" && quote === '')) {
      quote = quote === '' ? char : '';
    } else if (char === '$' && next === '{') {
      const end = closing(word, index + 1, escape);
      if (end < 0) throw new Error(`${word.slice(index)} lacks its closing }`);
      result += expand(word.slice(index + 2, end), lookup, escape);
      index = end;
    } else if (char === '$') {
      const name = /^[A-Za-z_]\w*/.exec(word.slice(index + 1))?.[0];
      if (name === undefined) result += char;
      else {
        result += lookup(name) ?? '';
        index += name.length;
      }
    } else {
      result += char;
    }
  }
  if (quote !== '') throw new Error(`${word} lacks its closing ${quote}`);
  return result;
}
