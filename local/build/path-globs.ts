/** One glob as a regular expression: https://pkg.go.dev/path/filepath#Match, and `**` for any number of folders. */
export function globRegex(glob: string): RegExp {
  let source = '';
  for (let index = 0; index < glob.length; index += 1) {
    const rest = glob.slice(index);
    const bracket = /^\[\^?\]?[^\]]*\]/.exec(rest)?.[0];
    if (rest.startsWith('**/') && (index === 0 || glob[index - 1] === '/')) {
      source += '(?:[^]*/)?';
      index += 2;
    } else if (rest.startsWith('**')) {
      source += '[^]*';
      index += 1;
    } else if (bracket !== undefined) {
      source += `[${bracket.slice(1, -1)}]`;
      index += bracket.length - 1;
    } else if (rest.startsWith('*')) source += '[^/]*';
    else if (rest.startsWith('?')) source += '[^/]';
    else {
      if (rest.startsWith('\\') && rest.length > 1) index += 1;
      source += glob.charAt(index).replace(/[.*+?^$()|[\]\\{}/]/g, '\\$&');
    }
  }
  return new RegExp(`^${source}$`);
}

/** Whether any of the globs matches the file, a path from the root without a leading slash. */
export const matchesAny = (globs: readonly string[], file: string): boolean =>
  globs.some((glob) => globRegex(glob.replace(/^\.?\//, '')).test(file));

/**
 * Whether a change of these files starts a trigger with these filters. A change without files (a new branch on a known
 * commit, an empty commit) passes: there is nothing to filter by.
 */
export function filesPass(
  files: readonly string[],
  {
    includedFiles = [],
    ignoredFiles = [],
  }: { includedFiles?: readonly string[]; ignoredFiles?: readonly string[] },
): boolean {
  if (files.length === 0) return true;
  const left = files.filter((file) => !matchesAny(ignoredFiles, file));
  if (left.length === 0) return false;
  return includedFiles.length === 0 || left.some((file) => matchesAny(includedFiles, file));
}
