import { expect, test } from '@jest/globals';
import { createStyle } from '../../../scripts/cli/style.ts';
import { compare } from '../../../scripts/judge/compare.ts';
import { comparisonLines } from '../../../scripts/judge/comparison-lines.ts';
import { evidence, fails, policy, release, step } from './seen-release.ts';

const plain = createStyle(false);

test('a release that went live, under a policy that would have taken it back', () => {
  const tried = policy(
    { steps: [{ percent: 30, atLeastSeconds: 29, atMostSeconds: 29 }] },
    { consecutiveFailures: 2 },
  );
  const comparison = compare(release(), evidence({ 21: fails, 22: fails }), tried);
  expect(comparisonLines(comparison, 'two in a row', 80, plain).join('\n')).toBe(
    `
                  what happened            its policy, replayed     two in a row
  before traffic  healthy after 5.1 s      healthy after 5 s        healthy after 5 s
  at 10 %         inconclusive after 29 s  inconclusive after 29 s  —
  at 30 %         no such step             —                        unhealthy after 12 s
  at 50 %         inconclusive after 29 s  inconclusive after 29 s  —
  at 100 %        healthy after 29 s       healthy after 29 s       —

Under two in a row: it would have been taken back.
  before traffic
    6 of 6 probes of /health answered 200 over 5.0 s
  at 30 %
    health check /health failed 2 times in a row: answered 500 instead of 200 (2
    times)

What cannot be known:
  - at 30 % it is judged by what was seen when it had 10 %: other shares bring
    other answers`.slice(1),
  );
});

test('a step that was never judged', () => {
  const comparison = compare(release({ steps: [step(10, 10)] }), evidence(), policy({ bakeSeconds: 600 }));
  const lines = comparisonLines(comparison, 'itself', 200, plain);
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}at 10 % +not judged/));
  expect(lines).toContain('Under itself: not known: the evidence ends while it would have had 100 %.');
});
