import { describe, expect, test } from '@jest/globals';
import { parseJunit } from '../../../scripts/builder/junit.ts';
import { chooseRunner, isUsable } from '../../../scripts/k6/choose-runner.ts';
import { readSummary } from '../../../scripts/k6/read-summary.ts';
import { writeJunit } from '../../../scripts/k6/write-junit.ts';

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
  test('has a case for each threshold and check; only thresholds fail', () => {
    const junit = writeJunit('test/k6/api.ts', readSummary(JSON.stringify(summary)), 20);
    expect(parseJunit(junit).map(({ name, outcome, message }) => [name, outcome, message])).toEqual([
      ['thresholds › http_req_duration{scenario:spike}: p(95)<200', 'failed', 'avg=12.346 p(95)=250'],
      ['thresholds › http_req_failed: rate<0.01', 'passed', undefined],
      ['checks › status is 200', 'passed', undefined],
      ['checks › board › in order', 'skipped', undefined],
    ]);
  });

  test('another form is refused, not read as a success', () => {
    expect(() => readSummary(JSON.stringify({ results: { checks: [] } }))).toThrow('--summary-export');
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
