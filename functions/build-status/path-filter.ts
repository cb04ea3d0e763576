/** Which changed files start a trigger of Cloud Build, as a trigger says it. */
export interface PathFilter {
  readonly includedFiles: readonly string[];
  readonly ignoredFiles: readonly string[];
}

/** One glob of a trigger: `*` and `?` within a folder, `**` across folders, `[a-z]`, `\` before what stands for itself. */
const token = /\*\*\/|\*\*|\*|\?|\[\^?\]?[^\]]*\]|\\[^]|[^]/g;

function tokenPattern(text: string, startsSegment: boolean): string {
  if (text === '**/') return startsSegment ? '(?:[^]*/)?' : '[^]*/';
  if (text === '**') return '[^]*';
  if (text === '*') return '[^/]*';
  if (text === '?') return '[^/]';
  if (text.length > 2 && text.startsWith('[')) return text;
  const literal = text.length === 2 ? text.charAt(1) : text;
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/, String.raw`\$&`);
}

/** Whether a path, from the root and without a slash before it, matches the glob of a trigger. */
export function matchesGlob(glob: string, file: string): boolean {
  const from = glob.replace(/^\.?\//, '');
  const pattern = [...from.matchAll(token)]
    .map(({ 0: text, index }) => tokenPattern(text, index === 0 || from.charAt(index - 1) === '/'))
    .join('');
  return new RegExp(`^${pattern}$`).test(file);
}

/** The first of the changed files for which the trigger starts; undefined when it does not. */
export function startingFile(
  { includedFiles, ignoredFiles }: PathFilter,
  files: readonly string[],
): string | undefined {
  return files.find(
    (file) =>
      !ignoredFiles.some((glob) => matchesGlob(glob, file)) &&
      (includedFiles.length === 0 || includedFiles.some((glob) => matchesGlob(glob, file))),
  );
}
