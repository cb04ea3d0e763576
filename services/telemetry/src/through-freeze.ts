/** More than a timer is late by on a busy machine. */
const marginMs = 500;

/** Whether the process stood still while it waited: far more time has passed than the wait allowed. */
export function wasFrozen(elapsedMs: number, timeoutMs: number): boolean {
  return elapsedMs >= timeoutMs + marginMs;
}

export interface FreezeOptions {
  readonly timeoutMs: number;
  /** Ends what is under way; nothing is sent again after that. */
  readonly stopped: AbortSignal;
  /** Milliseconds on a clock that goes on during a freeze and is never set. */
  readonly now?: () => number;
}

/**
 * Sends with a time limit, and once more if the process was frozen meanwhile. An idle instance has no CPU, and Node runs
 * the timer that has expired before it looks at the sockets, so that an answer that is there is not seen:
 * https://docs.cloud.google.com/run/docs/configuring/billing-settings
 */
export async function sendThroughFreeze<T>(
  { timeoutMs, stopped, now = () => performance.now() }: FreezeOptions,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = (): Promise<T> => send(AbortSignal.any([AbortSignal.timeout(timeoutMs), stopped]));
  const began = now();
  try {
    return await attempt();
  } catch (error) {
    if (stopped.aborted || !wasFrozen(now() - began, timeoutMs)) throw error;
    return attempt();
  }
}
