/**
 * A branch or tag pattern in RE2 syntax as a JavaScript regular expression. Like Cloud Build it searches: `main` matches
 * `feature/main-menu` too, only `^main$` does not (https://github.com/googleapis/repo-automation-bots/issues/1556).
 * Throws an error that names what RE2 has not got (look-around, back-references), or JavaScript has not.
 */
export function refPattern(pattern: string): RegExp {
  const missing = /\(\?(?:=|!|<=|<!)/.exec(pattern)?.[0] ?? /(?<!\\)(?:\\\\)*\\[1-9k]/.exec(pattern)?.[0];
  if (missing !== undefined) {
    throw new Error(
      `"${pattern}" is no RE2 expression: it has no look-around and no back-references ("${missing}")`,
    );
  }
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(flags?.[0].length ?? 0)
    .replace(/\(\?P</g, '(?<')
    .replace(/\\z/g, '$')
    .replace(/\\A/g, '^')
    .replace(/\[\[:(\w+):\]\]/g, (whole, name: string) => posixClasses[name] ?? whole);
  try {
    return new RegExp(source, flags?.[1]);
  } catch (cause) {
    throw new Error(`"${pattern}" is no regular expression: ${(cause as Error).message}`, { cause });
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '[0-9A-Za-z]',
  alpha: '[A-Za-z]',
  digit: '[0-9]',
  lower: '[a-z]',
  upper: '[A-Z]',
  word: '[0-9A-Za-z_]',
};
