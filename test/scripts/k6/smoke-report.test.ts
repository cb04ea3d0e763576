import { describe, expect, test } from '@jest/globals';
import { parseJunit } from '../../../scripts/builder/junit.ts';
import { chooseRunner, isUsable } from '../../../scripts/k6/choose-runner.ts';
import { readSummary } from '../../../scripts/k6/read-summary.ts';
import { writeJunit } from '../../../scripts/k6/write-junit.ts';
import { writeMarkdown } from '../../../scripts/k6/write-markdown.ts';

/** In the form that `k6 run --summary-export` writes. */
const summary = {
  root_group: {
    name: '',
    path: '',
    id: 'd41d8cd98f00b204e9800998ecf8427e',
    groups: {
      board: {
        name: 'board',
        path: '::board',
        id: 'x',
        groups: {},
        checks: { 'in order': { name: 'in order', path: '::board::in order', id: 'y', passes: 9, fails: 1 } },
      },
    },
    checks: {
      'status is 200': { name: 'status is 200', path: '::status is 200', id: 'z', passes: 10, fails: 0 },
    },
  },
  metrics: {
    'http_req_duration{scenario:spike}': { avg: 12.3456, 'p(95)': 250, thresholds: { 'p(95)<200': true } },
    http_req_failed: { value: 0, passes: 0, fails: 10, thresholds: { 'rate<0.01': false } },
    http_reqs: { count: 10, rate: 1 },
  },
};

describe('the report of a load test', () => {
  const read = readSummary(JSON.stringify(summary));

  test('has a case for each threshold and check; only thresholds fail', () => {
    const junit = writeJunit('test/k6/api.ts', read.cases, 20);
    expect(parseJunit(junit).map(({ name, outcome, message }) => [name, outcome, message])).toEqual([
      ['thresholds › http_req_duration{scenario:spike}: p(95)<200', 'failed', 'p(95)=250'],
      ['thresholds › http_req_failed: rate<0.01', 'passed', undefined],
      ['checks › status is 200', 'passed', undefined],
      ['checks › board › in order', 'skipped', undefined],
    ]);
  });

  test('each threshold comes with the value of which it speaks', () => {
    const metrics = {
      t: {
        avg: 1,
        med: 2.34567,
        'p(99)': 3,
        thresholds: { 'med<2': true, ' p(99) < 3': true, 'p(90)<1': true },
      },
      r: { value: 0.25, passes: 1, fails: 3, thresholds: { 'rate<0.1': true } },
      c: { count: 7, rate: 3.5, thresholds: { 'count>10': true, 'rate>4': true } },
    };
    const { cases } = readSummary(JSON.stringify({ ...summary, metrics }));
    expect(cases.slice(0, 6).map(({ measured }) => measured)).toEqual([
      'med=2.346',
      'p(99)=3',
      // The value is not in the summary: all that is.
      'avg=1 med=2.346 p(99)=3',
      'rate=0.25',
      'count=7',
      'rate=3.5',
    ]);
  });

  test('what went wrong without a threshold is a case of its own', () => {
    const junit = writeJunit('a.ts', [], 0, ['k6 did not "end"', 'no <summary>']);
    expect(parseJunit(junit)).toMatchObject([
      {
        name: 'run › ends by itself and has measured',
        outcome: 'failed',
        message: 'k6 did not "end"; no <summary>',
      },
    ]);
    expect(parseJunit(writeJunit('a.ts', read.cases, 0, ['crossed'])).length).toBe(4);
  });

  test('for people: whose figures, what was crossed, and everything that was measured', () => {
    const run = {
      script: 'test/k6/api.ts',
      target: 'api-1 at http://a',
      passed: false,
      reasons: ['x: p(95)<200, measured p(95)=250'],
      earlier: [],
    };
    expect(writeMarkdown(run, { ...read, runner: 'Not k6.' })).toBe(
      [
        '# Load: FAILED',
        '',
        '`test/k6/api.ts` on api-1 at http://a.',
        '',
        '- x: p(95)<200, measured p(95)=250',
        '',
        'Not k6. Times are in milliseconds.',
        '',
        '| Threshold | Measured | Outcome |',
        '| --- | --- | --- |',
        '| http_req_duration{scenario:spike}: p(95)<200 | p(95)=250 | FAILED |',
        '| http_req_failed: rate<0.01 | rate=0 | passed |',
        '',
        '| Check | Measured | Outcome |',
        '| --- | --- | --- |',
        '| status is 200 | 10 of 10 passed | passed |',
        '| board › in order | 9 of 10 passed | not always |',
        '',
      ].join('\n'),
    );
    expect(writeMarkdown({ ...run, passed: true, reasons: [] }, read)).toContain(
      '# Load: passed\n\n`test/k6/api.ts` on api-1 at http://a.\n\nMeasured by k6. Times',
    );
    expect(writeMarkdown(run, undefined)).not.toContain('Measured');
    expect(
      writeMarkdown({ ...run, passed: true, reasons: [], earlier: ['y: max<1, measured max=2'] }, read),
    ).toContain(
      '\n\nThis is the second try. The first one crossed:\n\n- y: max<1, measured max=2\n\nMeasured by k6.',
    );
  });

  test.each([
    ['another form', JSON.stringify({ results: { checks: [] } }), '--summary-export'],
    ['half a file', '{"metrics": {', 'the summary is no JSON'],
  ])('%s is refused, not read as a success', (_, text, message) => {
    expect(() => readSummary(text)).toThrow(message);
  });

  test.each([
    ['k6 v2.3.0 (go1.26.0, linux/amd64)', true],
    ['k6 v0.57.0 (commit/50afd82c18, go1.23.6, linux/amd64)', true],
    ['k6 v0.56.0 (go1.23.4, linux/amd64)', false],
    ['something else', false],
  ])('%s can run the scripts: %p', (version, usable) => {
    expect(isUsable(version)).toBe(usable);
    expect(chooseRunner(() => version).name).toBe(usable ? 'k6' : 'slipway');
  });

  test('without k6 it is our runner, and says why', () => {
    expect(chooseRunner(() => undefined)).toMatchObject({
      name: 'slipway',
      why: "k6 is not installed: using Slipway's own runner of a subset of it",
    });
  });
});
