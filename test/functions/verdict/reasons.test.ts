import { expect, test } from '@jest/globals';
import { judgeMetrics } from '../../../functions/verdict/judge-metrics.ts';
import { defaultMetricsPolicy } from '../../../functions/verdict/metrics-policy.ts';
import { repeat, side, stretches } from './answers.ts';

const cases: [string, string, Parameters<typeof stretches>[0]][] = [
  [
    'nothing yet',
    'Not clear yet: no answers of the candidate to see whether they failed; 0 answers of about 385 needed if all are good.',
    [],
  ],
  [
    'few answers (trap 23)',
    "Not clear yet: 0 of 12 answers of the candidate failed (0 %), 0 of 108 of stable's (0 %); 12 answers of about 385 needed if all are good, or 0 bad ones of both sides of about 71 needed to compare.",
    repeat(12, { candidate: side(1, 0), stable: side(9, 0) }),
  ],
  [
    'worse than stable',
    "Worse than stable: 24 of 300 answers of the candidate failed (8 %), 27 of 2700 of stable's (1 %); the odds are 3.4 to 23 times stable's, and a good release is taken back at most 1 % of the time.",
    repeat(3, { candidate: side(100, 8), stable: side(900, 9) }),
  ],
  [
    'above the budget alone',
    'Over the budget of 1 %, with no stable side to compare with: 50 of 500 answers of the candidate failed (10 %); a good release is taken back at most 1 % of the time.',
    repeat(10, { candidate: side(50, 5) }),
  ],
  [
    'both sides bad',
    "Over the budget of 1 %, but not shown to be worse than stable, so the cause may be what both depend on: 200 of 400 answers of the candidate failed (50 %), 1800 of 3600 of stable's (50 %); the odds are 0.59 to 1.7 times stable's.",
    repeat(40, { candidate: side(10, 5), stable: side(90, 45) }),
  ],
  [
    'as good as stable',
    "Not worse than stable: 60 of 6000 answers of the candidate failed (1 %), 540 of 54000 of stable's (1 %); the odds are 0.5 to 1.7 times stable's, and a bad release is let through at most 5 % of the time.",
    repeat(60, { candidate: side(100, 1), stable: side(900, 9) }),
  ],
];

test.each(cases)('%s', (_, reason, sides) => {
  expect(judgeMetrics(defaultMetricsPolicy, stretches(sides)).reasons[0]).toBe(reason);
});
