import { describeError } from './describe-error.ts';
import type { Log } from './log.ts';

/** Says once what keeps a backend from being told. It may go on failing for weeks, and the log is for the service. */
export function createLimitedWarning(log: Log, what: string): (error: unknown) => void {
  let said = false;
  return (error) => {
    if (said) return;
    said = true;
    log('WARNING', `${what}: ${describeError(error)}; the service goes on without`);
  };
}
