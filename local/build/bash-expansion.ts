/** Length of the bracket expression at the start of `text` (`[a-z]`), 0 when it is none. */
const bracketLength = (text: string): number => /^\[[!^]?\]?[^\]]*\]/.exec(text)?.[0].length ?? 0;

/** A shell pattern as the source of a regular expression: `*`, `?`, `[…]`, `\x`. */
function patternSource(pattern: string): string {
  let source = '';
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern.charAt(index);
    const bracket = char === '[' ? bracketLength(pattern.slice(index)) : 0;
    if (bracket > 0) {
      const body = pattern.slice(index + 1, index + bracket - 1).replace(/\\/g, '\\\\');
      source += `[${body.replace(/^!/, '^')}]`;
      index += bracket - 1;
    } else if (char === '*') source += '[^]*';
    else if (char === '?') source += '[^]';
    else {
      if (char === '\\' && index + 1 < pattern.length) index += 1;
      source += pattern.charAt(index).replace(/[.*+?^$()|[\]\\{}/]/g, '\\$&');
    }
  }
  return source;
}

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${patternSource(pattern)})$`).test(text);
}

/** The shortest (or longest) start of `value` that the pattern matches is removed. */
function withoutPrefix(value: string, pattern: string, longest: boolean): string {
  const lengths = Array.from({ length: value.length + 1 }, (_, index) =>
    longest ? value.length - index : index,
  );
  const found = lengths.find((length) => matches(pattern, value.slice(0, length)));
  return found === undefined ? value : value.slice(found);
}

function withoutSuffix(value: string, pattern: string, longest: boolean): string {
  const starts = Array.from({ length: value.length + 1 }, (_, index) =>
    longest ? index : value.length - index,
  );
  const found = starts.find((start) => matches(pattern, value.slice(start)));
  return found === undefined ? value : value.slice(0, found);
}

/** Splits `pattern/replacement` at the first slash that no backslash guards. */
function splitReplacement(text: string): [pattern: string, replacement: string] {
  const found = /^((?:\\[^]|[^\\/])*)\/([^]*)$/.exec(text);
  return found ? [found[1] ?? '', found[2] ?? ''] : [text, ''];
}

function replaced(value: string, text: string, all: boolean): string {
  const [pattern, replacement] = splitReplacement(text);
  if (pattern === '') return value;
  return value.replace(new RegExp(patternSource(pattern), all ? 'g' : ''), () => replacement);
}

function substring(value: string, operand: string): string | undefined {
  const found = /^\s*(-?\d+)\s*(?::\s*(-?\d+)\s*)?$/.exec(operand);
  if (!found) return undefined;
  const offset = Number(found[1]);
  const start = offset < 0 ? value.length + offset : offset;
  if (start < 0 || start > value.length) return '';
  if (found[2] === undefined) return value.slice(start);
  const length = Number(found[2]);
  const end = length < 0 ? value.length + length : start + length;
  return end < start ? undefined : value.slice(start, end);
}

/** The operators that Cloud Build's documentation and its users' configs show. */
export const knownOperators =
  '${V:-default} ${V:offset:length} ${V/pattern/text} ${V//pattern/text} ${V#p} ${V##p} ${V%p} ${V%%p} ${V^} ${V^^} ${V,} ${V,,}';

/**
 * `value` under a bash parameter expansion, where `operation` is what stands between the name and the brace (`:-x`,
 * `##*\/`, `,,`); undefined when the operator is none of `knownOperators`. Operands are already expanded.
 */
export function bashExpansion(value: string, operation: string): string | undefined {
  const capital = (text: string, change: (char: string) => string): string =>
    change(text.slice(0, 1)) + text.slice(1);
  if (operation === '^^') return value.toUpperCase();
  if (operation === ',,') return value.toLowerCase();
  if (operation === '^') return capital(value, (char) => char.toUpperCase());
  if (operation === ',') return capital(value, (char) => char.toLowerCase());
  if (operation.startsWith(':-')) return value === '' ? operation.slice(2) : value;
  if (operation.startsWith('##')) return withoutPrefix(value, operation.slice(2), true);
  if (operation.startsWith('#')) return withoutPrefix(value, operation.slice(1), false);
  if (operation.startsWith('%%')) return withoutSuffix(value, operation.slice(2), true);
  if (operation.startsWith('%')) return withoutSuffix(value, operation.slice(1), false);
  // ${V/#p/r} and ${V/%p/r} anchor in bash; that Cloud Build knows them is documented nowhere.
  if (/^\/[#%]/.test(operation)) return undefined;
  if (operation.startsWith('//')) return replaced(value, operation.slice(2), true);
  if (operation.startsWith('/')) return replaced(value, operation.slice(1), false);
  if (operation.startsWith(':')) return substring(value, operation.slice(1));
  return undefined;
}
