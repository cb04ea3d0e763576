import { describe, expect, test } from '@jest/globals';
import { findFailurePlaces } from '../../../scripts/builder/failure-places.ts';

const tsc = "src/a.ts(2,14): error TS2322: Type 'number' is not assignable to type 'string'.\n";
const tscOnATerminal =
  "\u001b[96msrc/a.ts\u001b[0m:\u001b[93m2\u001b[0m:\u001b[93m14\u001b[0m - \u001b[91merror\u001b[0m\u001b[90m TS2322: \u001b[0mType 'number' is not assignable.\n";
const oxlint = `
  x eslint(no-unused-vars): Variable 'x' is declared but never used. Unused variables should start
  | with a '_'.
   ,-[src/a.ts:1:7]
 1 | const x: any = 1;
   :       |
   \`----
  help: Consider removing this declaration.

  × eslint(eqeqeq): Expected === and instead saw ==
    ╭─[test/b.ts:13:15]
 13 │ console.log(y == "a");
    ╰────
`;
const eslint = `
/work/services/api/src/a.ts
   3:7  error    Unexpected console statement  no-console
   4:1  warning  Something small               some-rule
  12:3  error    Unexpected any                no-any

✖ 3 problems (2 errors, 1 warning)
`;
const nodeTest = `
✖ failing tests:

test at test/unit/a.test.ts:3:11
✖ fails (1.015494ms)
  AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
  
  1 !== 2
  
      at help (file:///tmp/g1/test/support/help.ts:9:1)
      at TestContext.<anonymous> (file:///tmp/g1/test/unit/a.test.ts:4:12)
      at TestContext.<anonymous> (file:///tmp/g1/test/unit/a.test.ts:3:11)

test at test/unit/b.test.ts:1:1
✖ test/unit/b.test.ts (63.101415ms)
  'test failed'
`;

describe('findFailurePlaces', () => {
  test.each<[string, string, [string, number, number, string][]]>([
    ['tsc', tsc, [['src/a.ts', 2, 14, "error TS2322: Type 'number' is not assignable to type 'string'."]]],
    [
      'tsc on a terminal',
      tscOnATerminal,
      [['src/a.ts', 2, 14, "error TS2322: Type 'number' is not assignable."]],
    ],
    [
      'oxlint',
      oxlint,
      [
        [
          'src/a.ts',
          1,
          7,
          "eslint(no-unused-vars): Variable 'x' is declared but never used. Unused variables should start with a '_'.",
        ],
        ['test/b.ts', 13, 15, 'eslint(eqeqeq): Expected === and instead saw =='],
      ],
    ],
    [
      'eslint: its errors',
      eslint,
      [
        ['/work/services/api/src/a.ts', 3, 7, 'Unexpected console statement no-console'],
        ['/work/services/api/src/a.ts', 12, 3, 'Unexpected any no-any'],
      ],
    ],
    [
      'node:test: the line that failed, or where the test begins',
      nodeTest,
      [
        [
          '/tmp/g1/test/unit/a.test.ts',
          4,
          12,
          'fails: AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:',
        ],
        ['test/unit/b.test.ts', 1, 1, "test/unit/b.test.ts: 'test failed'"],
      ],
    ],
    ['what nobody of them has written', 'Error: at src/a.ts:1:2 something\n  at x (y:1:2)\n', []],
    [
      'the same twice',
      tsc + tsc,
      [['src/a.ts', 2, 14, "error TS2322: Type 'number' is not assignable to type 'string'."]],
    ],
  ])('%s', (_what, output, expected) => {
    expect(findFailurePlaces(output)).toEqual(
      expected.map(([file, line, column, message]) => ({ file, line, column, message })),
    );
  });

  test('several tools: in the order of the output', () => {
    expect(findFailurePlaces(`${nodeTest}${tsc}${oxlint}`).map(({ file }) => file)).toEqual([
      '/tmp/g1/test/unit/a.test.ts',
      'test/unit/b.test.ts',
      'src/a.ts',
      'src/a.ts',
      'test/b.ts',
    ]);
  });
});
