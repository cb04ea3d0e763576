import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../cli/user-error.ts';

/** What there is to see of something that was asked for. */
export interface Outcome {
  readonly kind: 'waiting' | 'done' | 'failed';
  readonly says: string;
}

const lookMs = 500;

/**
 * Looks until it is done or has failed, and prints what changes; the exit code. `afterwards` says what becomes of it,
 * and where to look, when `timeoutSeconds` are up: what was asked for stays asked for.
 */
export async function awaitOutcome(
  look: () => Promise<Outcome>,
  { timeoutSeconds, afterwards }: { readonly timeoutSeconds: number; readonly afterwards: string },
): Promise<number> {
  const until = Date.now() + timeoutSeconds * 1000;
  let said = '';
  for (;;) {
    const { kind, says } = await look();
    if (says !== said) (kind === 'failed' ? process.stderr : process.stdout).write(`${says}\n`);
    said = says;
    if (kind !== 'waiting') return kind === 'done' ? 0 : 1;
    if (Date.now() > until) throw new UserError(`not done after ${timeoutSeconds} s. ${afterwards}`);
    await sleep(lookMs);
  }
}
