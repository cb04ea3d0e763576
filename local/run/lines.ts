import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** Longer lines are cut, as Cloud Logging limits an entry to 256 KB. */
const maxLineLength = 250_000;

/** Hands `onLine` every line of a stream, the last one also when it does not end. Empty lines are left out. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const emit = (line: string): void => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text !== '') onLine(text);
  };
  const take = (text: string): void => {
    rest += text;
    for (;;) {
      const end = rest.indexOf('\n');
      if (end === -1 && rest.length < maxLineLength) return;
      const cut = end === -1 || end > maxLineLength ? maxLineLength : end;
      emit(rest.slice(0, cut));
      rest = rest.slice(cut === end ? cut + 1 : cut);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    take(decoder.write(chunk));
  });
  stream.once('end', () => {
    take(decoder.end());
    emit(rest);
    rest = '';
  });
}
