import { expect, test } from '@jest/globals';
import { differMaterially } from '../../../functions/verification/differ-materially.ts';

const probes = 'the last 3 probes of /health answered 200';

test.each<[string, string, string, boolean]>([
  ['the same words', '3 of 90 answers', '3 of 90 answers', false],
  ['figures that have moved a little', '3 of 90 answers (3.3 %)', '4 of 120 answers (3.3 %)', false],
  ['a figure that has doubled', '3 of 90 answers', '3 of 180 answers', true],
  ['a figure that has halved', 'the odds are 2.4 times', 'the odds are 1.2 times', true],
  ['the first bad answer', '0 of 90 answers', '1 of 91 answers', true],
  ['nothing, again', '0 of 0 answers', '0 of 0 answers', false],
  ['other words', 'Not clear yet: 3 of 90', 'Not worse than stable: 3 of 90', true],
  ['a duration that is written otherwise', 'the last 5 min of it', 'the last 5 min 3 s of it', false],
  ['a duration in another unit', 'the 58 s of it', 'the 1 min 2 s of it', false],
  ['a duration that has doubled', 'the 58 s of it', 'the 2 min of it', true],
])('%s', (_, before, after, expected) => {
  expect(differMaterially([probes, before], [probes, after])).toBe(expected);
});

test.each<[string, string[], string[], boolean]>([
  ['one reason more', ['a'], ['a', 'b'], true],
  ['one reason fewer', ['a', 'b'], ['a'], true],
  ['more good probes in a row', [probes], ['the last 600 probes of /health answered 200'], false],
  ['probes that are no longer good', [probes], ['2 of 3 successes of /health in a row'], true],
])('%s', (_, before, after, expected) => {
  expect(differMaterially(before, after)).toBe(expected);
});
