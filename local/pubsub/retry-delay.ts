import { durationMs } from './durations.ts';
import type { RetryPolicy } from './resources.ts';

const withoutPolicy = { minimumMs: 100, maximumMs: 60_000 };
const policyDefaults = { minimumBackoff: '10s', maximumBackoff: '600s' };

/**
 * How long a message waits after its `attempt`-th failed delivery (1 = the first): doubling from the policy's minimum to
 * its maximum; without a policy the push back-off of 100 ms to 60 s.
 * https://cloud.google.com/pubsub/docs/push#push_backoff https://cloud.google.com/pubsub/docs/handling-failures
 */
export function retryDelayMs(policy: RetryPolicy | undefined, attempt: number): number {
  const { minimumMs, maximumMs } = policy
    ? {
        minimumMs: durationMs(
          policy.minimumBackoff ?? policyDefaults.minimumBackoff,
          'retry_policy.minimum_backoff',
        ),
        maximumMs: durationMs(
          policy.maximumBackoff ?? policyDefaults.maximumBackoff,
          'retry_policy.maximum_backoff',
        ),
      }
    : withoutPolicy;
  return Math.min(maximumMs, minimumMs * 2 ** Math.min(attempt - 1, 30));
}
