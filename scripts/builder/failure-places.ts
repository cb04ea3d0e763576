import { stripVTControlCharacters } from 'node:util';

/** Where in the sources a gate has found something. */
export interface FailurePlace {
  /** As the tool writes it: from the folder that it ran in, or absolute. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

type Match = FailurePlace & { readonly at: number };

const place = (
  at: number,
  file: string | undefined,
  line: string | undefined,
  column: string | undefined,
  message: string | undefined,
): Match => ({
  at,
  file: (file ?? '').trim(),
  line: Number(line),
  column: Number(column),
  message: (message ?? '').trim(),
});

/** `src/a.ts(2,14): error TS2322: …`, and on a terminal `src/a.ts:2:14 - error TS2322: …`. */
const tsc = (text: string): Match[] =>
  [...text.matchAll(/^(\S.*?)(?:\((\d+),(\d+)\):|:(\d+):(\d+) -) (error TS\d+: .*)$/gm)].map(
    ({ index, 1: file, 2: line, 3: column, 4: ttyLine, 5: ttyColumn, 6: message }) =>
      place(index, file, line ?? ttyLine, column ?? ttyColumn, message),
  );

/** `  x eslint(eqeqeq): Expected ===`, which may go on over lines, then `   ,-[src/a.ts:3:15]`. */
const oxlint = (text: string): Match[] =>
  [...text.matchAll(/^ {2}[x×!⚠] (.*(?:\n {2}[|│] .*)*)\n {2,}(?:,-|╭─)\[(.+?):(\d+):(\d+)\]$/gm)].map(
    ({ index, 1: message = '', 2: file, 3: line, 4: column }) =>
      place(index, file, line, column, message.replaceAll(/\n {2}[|│]/g, '')),
  );

/** A file on a line of its own, below it `  3:7  error  Message  rule`. */
const eslint = (text: string): Match[] =>
  [...text.matchAll(/^(\/?\S.*\.\w+)\n((?: +\d+:\d+ +(?:error|warning) .*\n?)+)/gm)].flatMap(
    ({ index, 1: file, 2: rows = '' }) =>
      [...rows.matchAll(/^ +(\d+):(\d+) +error +(.*)$/gm)].map((row) =>
        place(index + row.index, file, row[1], row[2], row[3]?.replaceAll(/ {2,}/g, ' ')),
      ),
  );

/**
 * `test at test/a.test.ts:3:11` where the test begins, `✖ name (1.2ms)`, what went wrong, and a stack that names the line
 * in that file.
 */
const nodeTest = (text: string): Match[] =>
  [...text.matchAll(/^test at (.+):(\d+):(\d+)\n✖ (.*?)(?: \([\d.]+ms\))?\n((?:(?!test at ).*\n?)*)/gm)].map(
    ({ index, 1: file = '', 2: line, 3: column, 4: name = '', 5: said = '' }) => {
      const frame = [...said.matchAll(/(?:file:\/\/|[( ])(\/[^\s()]+):(\d+):(\d+)\)?$/gm)].find(
        ([, seen = '']) => seen === file || seen.endsWith(`/${file}`),
      );
      const message = said.trim().split('\n')[0] ?? '';
      // The frame has the whole path, whatever folder the tests ran in.
      const where = frame?.[1] ?? file;
      return place(index, where, frame?.[2] ?? line, frame?.[3] ?? column, `${name}: ${message}`);
    },
  );

/**
 * The places that the output of a gate names, in its order, each once: that of tsc, oxlint, eslint and node:test. Empty
 * for what nobody of them has written.
 */
export function findFailurePlaces(output: string): FailurePlace[] {
  const text = stripVTControlCharacters(output).replaceAll('\r\n', '\n');
  const seen = new Set<string>();
  return [tsc, oxlint, eslint, nodeTest]
    .flatMap((read) => read(text))
    .toSorted((a, b) => a.at - b.at)
    .map(({ file, line, column, message }) => ({ file, line, column, message }))
    .filter((found) => {
      const key = JSON.stringify(found);
      return !seen.has(key) && Boolean(seen.add(key));
    });
}
