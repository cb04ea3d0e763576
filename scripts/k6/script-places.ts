import { SourceMap } from 'node:module';
import type { SourceMapPayload } from 'node:module';

/** The name that the bundled script runs by. */
export const bundleName = 'k6-script.bundle.js';

/** Translates the places of an error of the bundled script to those of its own files, and leaves out our own frames. */
export function createErrorText(sourceMap: string): (error: unknown) => string {
  const map = new SourceMap(JSON.parse(sourceMap) as SourceMapPayload);
  const place = (line: string): string[] => {
    const [, before, row, column] = new RegExp(`^(.*?)${bundleName}:(\\d+):(\\d+)`).exec(line) ?? [];
    if (before === undefined) return [];
    const entry = map.findEntry(Number(row) - 1, Number(column) - 1);
    if (!('originalSource' in entry)) return [];
    const from = `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
    return [`    ${before.trimStart()}${from}${before.includes('(') ? ')' : ''}`];
  };
  return (error) => {
    const { name = 'Error', message, stack } = Object(error) as Partial<Error>;
    if (message === undefined) return String(error);
    return [`${name}: ${message}`, ...(stack ?? '').split('\n').flatMap(place)].join('\n');
  };
}
