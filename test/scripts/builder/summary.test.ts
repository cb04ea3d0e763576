import { describe, expect, test } from '@jest/globals';
import type { TestCase } from '../../../scripts/builder/junit.ts';
import {
  describeFailure,
  describePassed,
  flakyTests,
  hasPassed,
  summarise,
  type Gate,
} from '../../../scripts/builder/summary.ts';

const ended = (name: string, exitCode: number, seconds?: number): Gate => ({
  name,
  outcome: { kind: 'ended', exitCode, seconds },
});
const missing = (name: string): Gate => ({ name, outcome: { kind: 'missing' } });

describe('summarise', () => {
  test('gates, tests, failures with their place, the slowest', () => {
    const tests: TestCase[] = [
      { name: 'a › adds', outcome: 'passed', seconds: 0.01, file: '/workspace/services/api/test/a.test.ts' },
      {
        name: 'a › fails',
        outcome: 'failed',
        seconds: 1.5,
        file: '/workspace/services/api/test/a.test.ts',
        line: 7,
        message: '1 == 2',
      },
      { name: 'a › later', outcome: 'skipped', seconds: 0 },
    ];
    const lines = summarise(
      [ended('lint', 0, 3.14), ended('unit', 1, 12), missing('image'), ended('docker', 125)],
      [
        { name: 'unit', tests, coverage: { lines: 97.14, branches: 80 }, thresholds: { lines: 95 } },
        { name: 'integration', tests: [], unreadable: 'line 3: this is no XML' },
      ],
      '/workspace',
    );
    expect(lines.join('\n')).toBe(
      `gates
  lint    passed  3.1 s
  unit    FAILED  12.0 s, exit 1
  image   FAILED  no result: its step did not run or did not end by itself
  docker  FAILED  exit 125

tests
  unit         1 passed, 1 failed, 1 skipped                      1.5 s  97.1 % of lines (at least 95 %)
  integration  its report cannot be read: line 3: this is no XML

failed tests: 1
  a › fails
    at services/api/test/a.test.ts:7
    1 == 2

slowest tests
  1.50 s  a › fails  services/api/test/a.test.ts:7
  0.01 s  a › adds   services/api/test/a.test.ts
  0.00 s  a › later`,
    );
  });

  test('flaky tests are loud, and what failed says how to run it again', () => {
    const gates: Gate[] = [
      {
        ...ended('unit', 0, 2),
        notes: { places: [], more: 0, flaky: [{ name: 'a › b', file: 'x.test.ts', line: 3, message: 'no' }] },
      },
      {
        ...ended('lint', 1),
        notes: { hint: 'npm run gate -- api lint', places: [], more: 0, flaky: [] },
      },
    ];
    const reports = [
      { name: 'web', tests: [{ name: 'opens', outcome: 'passed', flaky: true, seconds: 1 }] as TestCase[] },
    ];
    expect(summarise(gates, reports, '/').join('\n')).toContain(
      `FLAKY tests, which failed and then passed: 2
  a › b  x.test.ts:3
  opens
`,
    );
    expect(summarise(gates, reports, '/').slice(-2)).toEqual([
      'again on your machine',
      '  npm run gate -- api lint',
    ]);
    expect(describePassed([ended('unit', 0)], flakyTests(gates, reports, '/'))).toBe(
      'all 1 gates passed; FLAKY: 2 tests',
    );
  });

  test('without reports it says where they are looked for', () => {
    expect(summarise([ended('lint', 0)], [], '/workspace')).toContain(
      '  no reports: no gate has written reports/*.junit.xml',
    );
  });

  test('a flood of failures is cut, and says so', () => {
    const tests = Array.from({ length: 25 }, (_, index): TestCase => ({
      name: `t${index}`,
      outcome: 'failed',
      seconds: 0,
    }));
    const lines = summarise([], [{ name: 'unit', tests }], '/');
    expect(lines).toContain('failed tests: 25');
    expect(lines).toContain('  and 5 more: the reports have them all');
    expect(lines).not.toContain('  t20');
  });

  test.each([
    [ended('lint', 0), true, undefined],
    [ended('lint', 1), false, 'lint (exit 1)'],
    [ended('lint', 137), false, 'lint (exit 137)'],
    [missing('lint'), false, 'lint (no result)'],
  ])('%j passed: %s', (gate, passed, failure) => {
    expect(hasPassed(gate)).toBe(passed);
    if (failure !== undefined) expect(describeFailure(gate)).toBe(failure);
  });
});
