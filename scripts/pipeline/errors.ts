/** One thing that is wrong in pipeline.yaml. */
export interface PipelineError {
  /** As it was given to the loader. */
  readonly file: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** Where the value is written, such as `environments.local.defaults.port`; empty for the whole file. */
  readonly path: string;
  /** A sentence: what is wrong, what is allowed. */
  readonly rule: string;
  /** The line of the file. */
  readonly source: string;
}

/** The errors for people: `file:line:column: rule`, the line, and a caret under the place. */
export function formatErrors(errors: readonly PipelineError[]): string {
  return errors.map(formatError).join('\n\n');
}

function formatError({ file, line, column, rule, source }: PipelineError): string {
  const head = `${file}:${line}:${column}: ${rule}`;
  if (source.trim() === '') return head;
  const number = String(line);
  // Tabs stay tabs, so that the caret stands under its place however wide they are shown.
  const indent = source.slice(0, column - 1).replaceAll(/[^\t]/g, ' ');
  return `${head}\n  ${number} | ${source}\n  ${' '.repeat(number.length)} | ${indent}^`;
}
