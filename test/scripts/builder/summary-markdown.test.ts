import { expect, test } from '@jest/globals';
import type { TestCase } from '../../../scripts/builder/junit.ts';
import { summaryMarkdown } from '../../../scripts/builder/summary-markdown.ts';
import type { Gate } from '../../../scripts/builder/summary.ts';

const passed: Gate = { name: 'lint', outcome: { kind: 'ended', exitCode: 0, seconds: 1 } };
const page = (gates: readonly Gate[], tests: readonly TestCase[] = []): string =>
  summaryMarkdown(
    { folder: 'services/api', gates, reports: tests.length > 0 ? [{ name: 'unit', tests }] : [], files: [] },
    '/workspace',
  );

test('nothing but what there is to say', () => {
  expect(page([passed])).toBe(
    `# Gates of services/api

**all 1 gates passed**

| Gate | Outcome |  | Again on your machine |
| --- | --- | --- | --- |
| lint | passed | 1.0 s |  |
`,
  );
});

test('skipped, flaky and what a gate has found', () => {
  const text = page([
    passed,
    { name: 'audit', outcome: { kind: 'skipped', why: 'no registry <b>', seconds: 1 } },
    {
      name: 'unit',
      outcome: { kind: 'ended', exitCode: 0, seconds: 9 },
      notes: {
        places: [],
        more: 0,
        flaky: [{ name: 'a › b', file: 'a.test.ts', line: 3, message: '1 == 2' }],
      },
    },
    {
      name: 'typecheck',
      outcome: { kind: 'ended', exitCode: 2, seconds: 9 },
      notes: { places: [{ file: 'a.ts', line: 3, message: 'error TS1: x' }], more: 4, flaky: [] },
    },
  ]);
  expect(text).toContain('**FAILED: typecheck (exit 2)**');
  expect(text).toContain('| audit | skipped | 1.0 s, no registry \\<b\\> |  |');
  expect(text).toContain('| unit | passed, 1 flaky | 9.0 s |  |');
  expect(text).toContain('## typecheck: what it found\n\n- `a.ts:3` `error TS1: x`\n- and 4 more');
  expect(text).toContain(
    '## Flaky tests: failed, then passed\n\n- `a › b` at `a.test.ts:3`; at first: `1 == 2`',
  );
});

test('what a tool says stays text, on one line, and within bounds', () => {
  const text = page(
    [passed],
    [
      {
        name: 'a | `b` <img src=x onerror=alert(1)>',
        outcome: 'failed',
        seconds: 1,
        file: '/workspace/services/api/a.test.ts',
        line: 7,
        message: `[click](javascript:alert(1))\n# no heading ${'x'.repeat(5000)}`,
      },
    ],
  );
  expect(text).toContain("- `a | 'b' <img src=x onerror=alert(1)>` at `services/api/a.test.ts:7`: `[click](");
  expect(text).toContain(
    "| 1.00 s | `a \\| 'b' <img src=x onerror=alert(1)>` | `services/api/a.test.ts:7` |",
  );
  expect(text).not.toContain('\n# no heading');
  expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(400);
});

test('a flood of failures is cut, and says so', () => {
  const text = page(
    [passed],
    Array.from({ length: 25 }, (_, index) => ({ name: `t${index}`, outcome: 'failed', seconds: 0 })),
  );
  expect(text).toContain('25 tests: 0 passed, 25 failed');
  expect(text.match(/^- `t\d+`/gm)).toHaveLength(20);
  expect(text).toContain('- and 5 more');
});
