/** What is wrong with a Dockerfile, and where. */
export class DockerfileError extends Error {
  readonly file: string;
  /** Of the instruction's first line, from 1. */
  readonly line: number;

  constructor(file: string, line: number, message: string, options: { cause?: unknown } = {}) {
    super(`${file}:${line}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DockerfileError';
    this.file = file;
    this.line = line;
  }
}

/** One instruction with its continuation lines joined. */
export interface LogicalLine {
  /** Of its first line, from 1. */
  readonly line: number;
  readonly text: string;
}

const directive = /^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*$/;

/** Directives stand at the very top: the first line that is none ends them. */
function readDirectives(lines: readonly string[], file: string): { escape: string; count: number } {
  const seen = new Map<string, string>();
  for (const [index, line] of lines.entries()) {
    const found = directive.exec(line.trim());
    const name = found?.[1]?.toLowerCase() ?? '';
    if (!['syntax', 'escape', 'check'].includes(name)) break;
    if (seen.has(name))
      throw new DockerfileError(file, index + 1, `the directive "# ${name}=" is given twice`);
    seen.set(name, found?.[2] ?? '');
  }
  const escape = seen.get('escape') ?? '\\';
  if (escape !== '\\' && escape !== '`') {
    throw new DockerfileError(file, 1, `the directive "# escape=${escape}" is invalid: use \\ or \``);
  }
  return { escape, count: seen.size };
}

/**
 * The instructions of a Dockerfile as lines: comments and blank lines left out (also between continuation lines),
 * `# syntax=` and `# escape=` honoured.
 */
export function logicalLines(source: string, file: string): { lines: LogicalLine[]; escape: string } {
  const physical = source.replace(/^\uFEFF/, '').split(/\r?\n/);
  const { escape, count } = readDirectives(physical, file);
  const continued = escape === '\\' ? /\\[ \t]*$/ : /`[ \t]*$/;
  const lines: LogicalLine[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, text] of physical.entries()) {
    if (index < count || /^\s*(#|$)/.test(text)) continue;
    const more = continued.test(text);
    const part = more ? text.replace(continued, '') : text;
    open = open ? { line: open.line, text: open.text + part } : { line: index + 1, text: part.trimStart() };
    if (more) continue;
    lines.push({ line: open.line, text: open.text.trimEnd() });
    open = undefined;
  }
  if (open) lines.push({ line: open.line, text: open.text.trimEnd() });
  return { lines, escape };
}
