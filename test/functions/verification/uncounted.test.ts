import { expect, test } from '@jest/globals';
import { uncountedInWords, type Uncounted } from '../../../functions/verification/uncounted.ts';

test.each<[number, number, Uncounted['by'], string | undefined]>([
  [
    2,
    2,
    undefined,
    'no answers were counted in the 2 s of this step: what instances report can be read 10 s later',
  ],
  [600, 14, 'instances', undefined],
  [600, 25, 'instances', undefined],
  [
    600,
    60,
    'instances',
    'the answers of the last 1 min of this step were not counted: what instances report can be read 10 s later',
  ],
  [
    600,
    60,
    'unreadable',
    'the answers of the last 1 min of this step were not counted: the metrics could not be read',
  ],
  [
    600,
    310,
    'cloud-run',
    "the answers of the last 5 min 10 s of this step were not counted: the instances of candidate and stable do not both report their own, and Cloud Run's metrics come 5 min late",
  ],
])('of %i s the last %i are not counted by %s', (servedSeconds, seconds, by, expected) => {
  expect(uncountedInWords(servedSeconds, { seconds, by })).toBe(expected);
});
