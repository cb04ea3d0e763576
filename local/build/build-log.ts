import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** The log of one build: a file that can be read, and followed, while it is written. */
export interface BuildLog {
  /** Whole lines, without the last newline. */
  write(lines: string): void;
  text(): string;
  /** Calls `listener` with every further text; the returned function ends that. */
  follow(listener: (text: string) => void): () => void;
}

/** `onText` gets what is written, for Cloud Logging. */
export function createBuildLog(file: string, onText: (text: string) => void): BuildLog {
  const listeners = new Set<(text: string) => void>();
  return {
    write(lines) {
      const text = `${lines}\n`;
      appendFileSync(file, text);
      onText(text);
      for (const listener of listeners) listener(text);
    },
    text: () => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
    follow(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** `Step #0 - "test"`, as every line of the step's output begins. */
export const stepTitle = (index: number, id: string | undefined): string =>
  id === undefined || id === '' ? `Step #${index}` : `Step #${index} - "${id}"`;

/** Cuts a stream of text into lines and hands them on in batches, each with the prefix; `end` gives the last, unended one. */
export function lineWriter(
  prefix: string,
  write: (lines: string) => void,
): { push(text: string): void; end(): void } {
  let open = '';
  const put = (lines: readonly string[]): void => {
    if (lines.length > 0) write(lines.map((line) => `${prefix}: ${line.replace(/\r$/, '')}`).join('\n'));
  };
  return {
    push(text) {
      const lines = (open + text).split('\n');
      open = lines.pop() ?? '';
      put(lines);
    },
    end() {
      put(open === '' ? [] : [open]);
      open = '';
    },
  };
}
