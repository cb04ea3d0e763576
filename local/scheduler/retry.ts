import type { RetryConfig } from './job.ts';

export const durationMs = (text: string): number => Number(text.slice(0, -1)) * 1000;

/**
 * How long to wait after the `attempt`-th failed attempt of a run (1 = the first), or undefined to give the run up.
 * The wait doubles `maxDoublings` times, then grows by what it has grown to.
 * https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#RetryConfig
 */
export function retryAfterMs(
  config: RetryConfig = {},
  attempt: number,
  elapsedMs: number,
): number | undefined {
  const { retryCount = 0, maxRetryDuration = '0s', maxDoublings = 5 } = config;
  const limitMs = durationMs(maxRetryDuration);
  const minimumMs = durationMs(config.minBackoffDuration ?? '5s');
  const maximumMs = durationMs(config.maxBackoffDuration ?? '3600s');
  // With both limits set, a run ends when both are reached; without any, there are no retries.
  const countReached = attempt > retryCount;
  const timeReached = limitMs === 0 || elapsedMs >= limitMs;
  if (countReached && timeReached) return undefined;
  const doublings = Math.min(attempt - 1, maxDoublings);
  const steps = attempt - 1 - doublings;
  return Math.min(maximumMs, minimumMs * 2 ** doublings * (1 + steps));
}
