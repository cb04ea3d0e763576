import { expect, test } from '@jest/globals';
import { retryDelayMs } from '../../../local/pubsub/retry-delay.ts';

test.each([
  [undefined, 1, 100],
  [undefined, 2, 200],
  [undefined, 5, 1_600],
  [undefined, 50, 60_000],
  [{}, 1, 10_000],
  [{}, 7, 600_000],
  [{ minimumBackoff: '1s', maximumBackoff: '5s' }, 1, 1_000],
  [{ minimumBackoff: '1s', maximumBackoff: '5s' }, 2, 2_000],
  [{ minimumBackoff: '1s', maximumBackoff: '5s' }, 4, 5_000],
  [{ minimumBackoff: '0.5s' }, 3, 2_000],
  [{ minimumBackoff: '0s', maximumBackoff: '0s' }, 9, 0],
])('policy %j waits after failure %d for %d ms', (policy, attempt, ms) => {
  expect(retryDelayMs(policy, attempt)).toBe(ms);
});
