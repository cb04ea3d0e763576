import { snipLine } from '@sentry/core';
import type { StackFrame } from '@sentry/core';

/** A file that a bundle was made of. */
export interface Source {
  /** What it is called wherever the bundle runs: `src/config.ts`. */
  readonly name: string;
  /** Absent when the source map has no contents. */
  readonly lines?: readonly string[];
}

/** By the path that a stack has. */
export type SourceOf = (path: string) => Source | undefined;

/** As many lines before and behind as Sentry's own SDKs send. */
const around = 5;

/**
 * The frames, each of the program's own with its line, those around it, and the name of its file. Frames whose source
 * is not known stay as they are.
 */
export function withSourceLines(frames: readonly StackFrame[], sourceOf: SourceOf): StackFrame[] {
  return frames.map((frame) => {
    const { filename, lineno, colno = 0, in_app: inApp } = frame;
    const source = inApp && filename !== undefined ? sourceOf(filename) : undefined;
    if (filename === undefined || !source) return frame;
    const named = { ...frame, filename: source.name, abs_path: filename };
    const { lines = [] } = source;
    const line = lineno === undefined ? undefined : lines[lineno - 1];
    if (lineno === undefined || line === undefined) return named;
    const snipped = (from: number, to: number): string[] =>
      lines.slice(Math.max(from, 0), to).map((each) => snipLine(each, 0));
    return {
      ...named,
      pre_context: snipped(lineno - 1 - around, lineno - 1),
      context_line: snipLine(line, colno),
      post_context: snipped(lineno, lineno + around),
    };
  });
}
