import { expect, test } from '@jest/globals';
import { formatErrors } from '../../../scripts/pipeline/errors.ts';

const error = { file: 'pipeline.yaml', line: 12, column: 7, path: 'a.b', rule: 'a.b must be text' };

test.each([
  [
    'a caret under the place',
    [{ ...error, source: '    b: 5' }],
    'pipeline.yaml:12:7: a.b must be text\n  12 |     b: 5\n     |       ^',
  ],
  [
    'tabs before the place',
    [{ ...error, column: 3, source: 'a\t5' }],
    'pipeline.yaml:12:3: a.b must be text\n  12 | a\t5\n     |  \t^',
  ],
  ['no line to show', [{ ...error, source: ' ' }], 'pipeline.yaml:12:7: a.b must be text'],
  [
    'two errors',
    [
      { ...error, source: '' },
      { ...error, line: 13, source: '' },
    ],
    'pipeline.yaml:12:7: a.b must be text\n\npipeline.yaml:13:7: a.b must be text',
  ],
  ['none', [], ''],
])('%s', (_, errors, expected) => {
  expect(formatErrors(errors)).toBe(expected);
});
