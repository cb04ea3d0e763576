const escapeRegex = (text: string): string => text.replace(/[.*+?^$()|[\]\\{}/]/g, '\\$&');

/** One glob as the source of a regular expression: `*`, `?`, `[a-z]`, `\x`, and `**` over folders where `deep`. */
function globSource(glob: string, deep: boolean): string {
  let source = '';
  for (let index = 0; index < glob.length; index += 1) {
    const char = glob.charAt(index);
    if (deep && glob.startsWith('**', index)) {
      index += 1;
      if (glob.charAt(index + 1) === '/') {
        index += 1;
        source += '(?:.*/)?';
      } else source += '.*';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\' && index + 1 < glob.length) {
      index += 1;
      source += escapeRegex(glob.charAt(index));
    } else if (char === '[' && glob.includes(']', index + 2)) {
      const end = glob.indexOf(']', index + 2);
      const inner = glob.slice(index + 1, end);
      source += `[${inner.startsWith('^') ? '^' : ''}${inner.replace(/^\^/, '').replace(/[[\]\\^]/g, '\\$&')}]`;
      index = end;
    } else source += escapeRegex(char);
  }
  return source;
}

/** A glob in the form of Go's `filepath.Match`; with `deep` also `**`, as `.dockerignore` has it. */
export const globRegex = (glob: string, deep = false): RegExp =>
  new RegExp(`^${globSource(glob, deep)}$`, 's');

export const isGlob = (text: string): boolean => /[*?[]/.test(text);
