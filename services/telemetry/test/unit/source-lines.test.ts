import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StackFrame } from '@sentry/core';
import { withSourceLines } from '../../src/source-lines.ts';
import type { Source } from '../../src/source-lines.ts';

const lines = Array.from({ length: 12 }, (_each, index) => `line ${index + 1}`);
const long = `${'a'.repeat(200)}throw${'b'.repeat(200)}`;
const sources: Readonly<Record<string, Source>> = {
  '/src/a.ts': { name: 'src/a.ts', lines },
  '/src/long.ts': { name: 'src/long.ts', lines: [long, long] },
  '/src/empty.ts': { name: 'src/empty.ts', lines: [] },
  '/src/unknown.ts': { name: 'src/unknown.ts' },
};

const at = (lineno: number | undefined, filename = '/src/a.ts'): StackFrame => ({
  filename,
  function: 'f',
  ...(lineno === undefined ? {} : { lineno }),
  colno: 3,
  in_app: true,
});
const named = (filename: string) => ({ filename: filename.slice(1), abs_path: filename });

const frames: readonly [what: string, frame: StackFrame, added: StackFrame][] = [
  [
    'in the middle: five lines before and behind',
    at(6),
    {
      ...named('/src/a.ts'),
      pre_context: lines.slice(0, 5),
      context_line: 'line 6',
      post_context: lines.slice(6, 11),
    },
  ],
  [
    'the first line',
    at(1),
    {
      ...named('/src/a.ts'),
      pre_context: [],
      context_line: 'line 1',
      post_context: lines.slice(1, 6),
    },
  ],
  [
    'near the beginning',
    at(3),
    {
      ...named('/src/a.ts'),
      pre_context: ['line 1', 'line 2'],
      context_line: 'line 3',
      post_context: lines.slice(3, 8),
    },
  ],
  [
    'the last line',
    at(12),
    {
      ...named('/src/a.ts'),
      pre_context: lines.slice(6, 11),
      context_line: 'line 12',
      post_context: [],
    },
  ],
  ['behind the last line', at(13), named('/src/a.ts')],
  ['line 0', at(0), named('/src/a.ts')],
  ['a frame without a line', at(undefined), named('/src/a.ts')],
  ['a source without lines', at(1, '/src/empty.ts'), named('/src/empty.ts')],
  ['a source whose contents are not in the map', at(1, '/src/unknown.ts'), named('/src/unknown.ts')],
  ['a file that no map names', at(1, '/app/server.js'), {}],
  ["somebody else's", { ...at(1), in_app: false }, {}],
  ['Node itself', { filename: 'node:internal/timers', lineno: 5, in_app: false }, {}],
  ['a frame without a file', { function: 'f', in_app: true }, {}],
];

describe('withSourceLines', () => {
  for (const [what, frame, added] of frames)
    test(what, () => {
      const before = structuredClone(frame);
      assert.deepEqual(
        withSourceLines([frame], (path) => sources[path]),
        [{ ...frame, ...added }],
      );
      assert.deepEqual(frame, before);
    });

  test('each frame gets its own, in their order', () => {
    const told = withSourceLines([at(2), at(1, '/none.ts'), at(4)], (path) => sources[path]);
    assert.deepEqual(
      told.map(({ context_line: line }) => line),
      ['line 2', undefined, 'line 4'],
    );
  });

  test('of a long line it tells what is around the place', () => {
    const [frame] = withSourceLines([{ ...at(1, '/src/long.ts'), colno: 201 }], (path) => sources[path]);
    assert.match(frame?.context_line ?? '', /snip.*throw.*snip/);
    for (const line of [frame?.context_line, ...(frame?.post_context ?? [])])
      assert.ok((line ?? '').length < 170);
  });

  test('nobody is asked for a frame that is not of the program', () => {
    withSourceLines([{ ...at(1), in_app: false }], () => assert.fail('asked'));
  });
});
