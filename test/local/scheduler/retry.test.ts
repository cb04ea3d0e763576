import { expect, test } from '@jest/globals';
import { retryAfterMs } from '../../../local/scheduler/retry.ts';

test.each([
  [undefined, 1, 0, undefined],
  [{ retryCount: 2 }, 1, 0, 5_000],
  [{ retryCount: 2 }, 2, 0, 10_000],
  [{ retryCount: 2 }, 3, 0, undefined],
  [{ retryCount: 5, minBackoffDuration: '1s', maxDoublings: 2 }, 3, 0, 4_000],
  [{ retryCount: 5, minBackoffDuration: '1s', maxDoublings: 2 }, 5, 0, 12_000],
  [{ retryCount: 5, minBackoffDuration: '1s', maxBackoffDuration: '3s' }, 4, 0, 3_000],
  [{ maxRetryDuration: '60s' }, 3, 59_000, 20_000],
  [{ maxRetryDuration: '60s' }, 3, 60_000, undefined],
  [{ retryCount: 5, maxRetryDuration: '60s' }, 3, 61_000, 20_000],
])('%j after attempt %d and %d ms: %p', (config, attempt, elapsedMs, expected) => {
  expect(retryAfterMs(config, attempt, elapsedMs)).toBe(expected);
});
