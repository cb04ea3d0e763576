import { describe, expect, test } from '@jest/globals';
import { judgeLoad } from '../../../../scripts/builder/load/judge-load.ts';
import type { SummaryCase } from '../../../../scripts/k6/read-summary.ts';

const held: SummaryCase = { suite: 'thresholds', name: 'checks: rate>0.99', ok: true, measured: 'rate=1' };
const crossed: SummaryCase = {
  suite: 'thresholds',
  name: 'http_req_duration{name:GET /messages}: p(95)<1500',
  ok: false,
  measured: 'p(95)=2014.3',
};
const check: SummaryCase = { suite: 'checks', name: 'status 200', ok: false, measured: '9 of 10 passed' };

describe('judgeLoad', () => {
  test.each<
    [
      what: string,
      code: number | undefined,
      cases: SummaryCase[] | undefined,
      unreadable: string | undefined,
      exitCode: number,
      reasons: (string | RegExp)[],
    ]
  >([
    ['every threshold holds, whatever single checks say', 0, [held, check], undefined, 0, []],
    [
      'one is crossed: named, with what was measured',
      99,
      [held, crossed],
      undefined,
      99,
      ['http_req_duration{name:GET /messages}: p(95)<1500, measured p(95)=2014.3'],
    ],
    ['k6 says that one is, the summary does not', 99, [held], undefined, 99, [/^k6 ended with 99/]],
    ['the summary says that one is, k6 does not', 0, [crossed], undefined, 1, [/measured p\(95\)=2014.3/]],
    ['k6 did not end', undefined, undefined, undefined, 1, [/did not end by itself/]],
    ['k6 did not end, but had measured', undefined, [held], undefined, 1, [/did not end by itself/]],
    ['the script failed', 107, undefined, undefined, 107, ['k6 ended with 107: the script failed']],
    ['there is no k6', 127, undefined, undefined, 127, ['k6 ended with 127: there is no k6']],
    ['it was interrupted', 105, [held, crossed], undefined, 105, [/measured/, /interrupted/]],
    ['another exit code', 7, [held], undefined, 7, ['k6 ended with 7: the log of its step says why']],
    ['nothing was left', 0, undefined, undefined, 1, ['k6 left no summary']],
    ['nothing readable was left', 0, undefined, 'the summary is no JSON', 1, ['the summary is no JSON']],
    ['nothing was judged', 0, [check], undefined, 1, ['the script has no thresholds']],
  ])('%s', (_, code, cases, unreadable, exitCode, reasons) => {
    const verdict = judgeLoad(code, cases, unreadable);
    expect(verdict.exitCode).toBe(exitCode);
    expect(verdict.reasons).toHaveLength(reasons.length);
    for (const [index, reason] of reasons.entries()) expect(verdict.reasons[index]).toMatch(reason);
  });
});
