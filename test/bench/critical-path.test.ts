import { describe, expect, test } from '@jest/globals';
import { criticalPath, type TimedStep } from '../../bench/critical-path.ts';

const step = (id: string, ms: number, ...waitFor: string[]): TimedStep => ({ id, waitFor, ms });

describe('criticalPath', () => {
  test.each<[string, TimedStep[], number, number, string[]]>([
    ['nothing', [], 0, 0, []],
    ['one step', [step('a', 5)], 5, 5, ['a']],
    [
      'without waitFor: one after the other',
      [step('a', 5), step('b', 3), step('c', 1)],
      9,
      9,
      ['a', 'b', 'c'],
    ],
    ['all at once', [step('a', 5, '-'), step('b', 7, '-'), step('c', 1, '-')], 7, 13, ['b']],
    [
      'two arms that meet: the longer one',
      [
        step('install', 4),
        step('lint', 2, 'install'),
        step('unit', 6, 'install'),
        step('results', 1, 'lint', 'unit'),
      ],
      11,
      13,
      ['install', 'unit', 'results'],
    ],
    [
      'an arm that begins at once and is the longest',
      [
        step('install', 4),
        step('image', 20, '-'),
        step('unit', 6, 'install'),
        step('results', 1, 'unit', 'image'),
      ],
      21,
      31,
      ['image', 'results'],
    ],
    [
      'the end is not the last step',
      [step('push', 3), step('deploy', 9, 'push'), step('provenance', 1, 'push')],
      12,
      13,
      ['push', 'deploy'],
    ],
    [
      'without waitFor behind arms: after the longest of all',
      [step('a', 1, '-'), step('b', 8, '-'), step('c', 2)],
      10,
      11,
      ['b', 'c'],
    ],
    [
      '`-` beside another is no reason to begin at once',
      [step('a', 5), step('b', 2, '-', 'a')],
      7,
      7,
      ['a', 'b'],
    ],
    [
      'many ways that part and meet again',
      Array.from({ length: 60 }, (_, at) =>
        at % 3 === 0
          ? step(`${at}`, 1, ...(at === 0 ? ['-'] : [`${at - 2}`, `${at - 1}`]))
          : step(`${at}`, at % 3, `${at - (at % 3)}`),
      ),
      60,
      80,
      Array.from({ length: 60 }, (_, at) => `${at}`).filter((id) => Number(id) % 3 !== 1),
    ],
  ])('%s', (_what, steps, ms, sumMs, path) => {
    expect(criticalPath(steps)).toEqual({ ms, sumMs, steps: path });
  });

  test.each([
    ['that there is not', [step('a', 1, 'b')]],
    ['that stands behind it', [step('a', 1, 'b'), step('b', 1)]],
  ])('refuses to wait for a step %s', (_what, steps) => {
    expect(() => criticalPath(steps)).toThrow('a waits for b, which does not stand before it');
  });
});
