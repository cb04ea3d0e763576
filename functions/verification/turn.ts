import { takeLease } from '../release/lease.ts';
import { objects, type ReleaseKey } from '../release/naming.ts';
import type { EvidenceStore } from './evidence-store.ts';
import { openEvidence } from './evidence-store.ts';
import type { VerificationPorts } from './ports.ts';

/** How long a lease outlives the longest pause between two renewals: what a crash costs. */
const leaseSeconds = 15;
const renewSeconds = 5;
/** An event function may run for 540 seconds: so long it may go on beginning new looks, in however many turns. */
export const turnSeconds = 420;

/** One function's time with one release: nobody else verifies it meanwhile. */
export interface Turn {
  readonly evidence: EvidenceStore;
  /** Before a pause: false when somebody else has taken over. */
  renew(pauseSeconds: number): Promise<boolean>;
  /** As `renew`, without a write where the turn lasts as long as that anyway. */
  hold(pauseSeconds: number): Promise<boolean>;
  /** Keeps the turn while it is used, and what was seen in it: at most once in five seconds, each costs a write. */
  keep(pauseSeconds: number): Promise<boolean>;
  /** Seconds until somebody else has to go on. */
  leftSeconds(): number;
}

/**
 * Does `work` as the only one to verify the release; undefined while somebody else is at it. `endsAt`: when somebody else has
 * to go on, in milliseconds since the epoch.
 */
export async function takeTurn<T>(
  ports: VerificationPorts,
  key: ReleaseKey,
  endsAt: number,
  work: (turn: Turn) => Promise<T>,
): Promise<T | undefined> {
  const now = (): number => ports.now().getTime();
  const lease = await takeLease(ports.bucket, objects.lease(key, 'verification'), leaseSeconds, now);
  if (!lease) return undefined;
  try {
    const evidence = await openEvidence(ports.bucket, key);
    const started = now();
    let kept = started;
    let heldUntil = started + leaseSeconds * 1000;
    const renew = (pauseSeconds: number): Promise<boolean> => {
      heldUntil = now() + (leaseSeconds + pauseSeconds) * 1000;
      return lease.renew(leaseSeconds + pauseSeconds);
    };
    return await work({
      evidence,
      renew,
      hold: async (pauseSeconds) =>
        now() + (pauseSeconds + renewSeconds) * 1000 <= heldUntil || renew(pauseSeconds),
      async keep(pauseSeconds) {
        if (now() - kept < renewSeconds * 1000) return true;
        kept = now();
        return (await evidence.save()) && (await renew(pauseSeconds));
      },
      leftSeconds: () => (endsAt - now()) / 1000,
    });
  } finally {
    await lease.release();
  }
}
