import { describe, expect, test } from '@jest/globals';
import { parseDiffTree } from '../../../local/github/commits.ts';
import { isRefName, refChanges } from '../../../local/github/refs.ts';
import { isOwnerName, isRepositoryName } from '../../../local/github/repositories.ts';
import { combinedState, type CommitStatus, type StatusState } from '../../../local/github/statuses.ts';

const zeros = '0'.repeat(40);
const blob = (digit: string): string => digit.repeat(40);

describe('refChanges', () => {
  test.each([
    ['nothing', { a: '1' }, { a: '1' }, []],
    ['made', {}, { a: '1' }, [{ ref: 'a', before: zeros, after: '1' }]],
    ['moved', { a: '1' }, { a: '2' }, [{ ref: 'a', before: '1', after: '2' }]],
    ['deleted', { a: '1' }, {}, [{ ref: 'a', before: '1', after: zeros }]],
    [
      'several, by name',
      { b: '1', c: '1' },
      { a: '1', b: '2' },
      [
        { ref: 'a', before: zeros, after: '1' },
        { ref: 'b', before: '1', after: '2' },
        { ref: 'c', before: '1', after: zeros },
      ],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(refChanges(before as Record<string, string>, after as Record<string, string>)).toEqual(expected);
  });
});

describe('isRefName', () => {
  test.each(['main', 'feature/x', 'refs/heads/a-b_c', 'v1.2.3', 'ünïcode'])('takes %s', (ref) => {
    expect(isRefName(ref)).toBe(true);
  });
  test.each([
    '',
    '-x',
    '/x',
    'x/',
    'a//b',
    'a..b',
    'main~1',
    'main^',
    'a:b',
    'a b',
    'a*',
    'a?',
    'a[b',
    'a\\b',
    'a@{1}',
    '.x',
    'a/.b',
    'x.lock',
    'x.',
    'a\u007f',
    'a\nb',
  ])('refuses %j', (ref) => {
    expect(isRefName(ref)).toBe(false);
  });
});

describe('names', () => {
  test.each([
    ['acme', true],
    ['a-b', true],
    ['a--b', false],
    ['-a', false],
    ['a-', false],
    ['..', false],
    ['a/b', false],
    ['a'.repeat(40), false],
  ])('owner %s: %p', (name, expected) => {
    expect(isOwnerName(name)).toBe(expected);
  });
  test.each([
    ['web', true],
    ['.github', true],
    ['a_b.c-d', true],
    ['.', false],
    ['..', false],
    ['x.git', false],
    ['a/b', false],
    ['a b', false],
    ['', false],
  ])('repository %s: %p', (name, expected) => {
    expect(isRepositoryName(name)).toBe(expected);
  });
});

describe('parseDiffTree', () => {
  test('every kind of change, odd names and binary files', () => {
    const output = [
      `:000000 100644 ${zeros} ${blob('1')} A`,
      'new file.txt',
      `:100644 000000 ${blob('2')} ${zeros} D`,
      'gone.txt',
      `:100644 100644 ${blob('3')} ${blob('4')} R090`,
      'old\tname.txt',
      'new\nname.txt',
      `:100644 100644 ${blob('5')} ${blob('6')} M`,
      'picture.png',
      `:100644 120000 ${blob('7')} ${blob('8')} T`,
      'link',
      '3\t0\tnew file.txt',
      '0\t7\tgone.txt',
      '1\t2\t',
      'old\tname.txt',
      'new\nname.txt',
      '-\t-\tpicture.png',
      '1\t1\tlink',
      '',
    ].join('\u0000');
    expect(parseDiffTree(output)).toEqual([
      { filename: 'new file.txt', status: 'added', sha: blob('1'), additions: 3, deletions: 0 },
      { filename: 'gone.txt', status: 'removed', sha: blob('2'), additions: 0, deletions: 7 },
      {
        filename: 'new\nname.txt',
        previousFilename: 'old\tname.txt',
        status: 'renamed',
        sha: blob('4'),
        additions: 1,
        deletions: 2,
      },
      { filename: 'picture.png', status: 'modified', sha: blob('6'), additions: 0, deletions: 0 },
      { filename: 'link', status: 'changed', sha: blob('8'), additions: 1, deletions: 1 },
    ]);
  });
  test('nothing', () => {
    expect(parseDiffTree('')).toEqual([]);
  });
});

describe('combinedState', () => {
  const status = (state: StatusState): CommitStatus => ({
    id: 1,
    sha: '',
    state,
    context: state,
    description: null,
    targetUrl: null,
    creator: 'local',
    createdAtMs: 0,
  });
  test.each<[StatusState[], string]>([
    [[], 'pending'],
    [['success'], 'success'],
    [['success', 'pending'], 'pending'],
    [['pending', 'failure'], 'failure'],
    [['success', 'error'], 'failure'],
  ])('%j is %s', (states, expected) => {
    expect(combinedState(states.map(status))).toBe(expected);
  });
});
