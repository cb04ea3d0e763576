import { expect, test } from '@jest/globals';
import { didYouMean, editDistance } from '../../../scripts/pipeline/nearest.ts';

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['health', 'health', 0],
  ['helth', 'health', 1],
  ['haelth', 'health', 1],
  ['hhealth', 'health', 1],
  ['health', 'wealth', 1],
  ['kitten', 'sitting', 3],
])('from %j to %j it is %d', (from, to, expected) => {
  expect(editDistance(from, to)).toBe(expected);
});

test.each([
  ['prot', ['port', 'public'], ' (did you mean "port"?)'],
  ['PORT', ['port'], ' (did you mean "port"?)'],
  ['prod', ['production', 'staging'], ' (did you mean "production"?)'],
  ['min', ['minInstances', 'minimum'], ''],
  ['cat', ['bat', 'hat'], ''],
  ['xyz', ['port'], ''],
  ['a', [], ''],
])('for %j among %j: %j', (written, known, expected) => {
  expect(didYouMean(written, known)).toBe(expected);
});
