import type { Clock } from '../core/clock.ts';
import type { Instance } from './instance.ts';
import type { StartReason } from './probe-lines.ts';
import { StartFailure } from './start-failure.ts';

/**
 * Why a revision should have an instance: `traffic` keeps one running; `tag` starts one for a request and stops it when
 * it has been idle; `none` ends it once the requests under way are answered; `settling` leaves things as they are.
 */
export type Demand = 'settling' | 'traffic' | 'tag' | 'none';

/** How long an instance that only a tag leads to may be idle. */
const idleMs = 60_000;

/** The use of an instance by one request. */
export interface Lease {
  readonly instance: Instance;
  /** Exactly once, when the request is over. */
  release(): void;
}

/** The instance of one revision: at most one at a time takes new requests. */
export interface RevisionRuntime {
  /** Starts an instance if there is none; throws StartFailure. */
  ensure(reason: StartReason): Promise<void>;
  /** An instance for a request, started if need be: the request waits for it. Throws StartFailure. */
  acquire(): Promise<Lease>;
  demand(demand: Demand): void;
  isRunning(): boolean;
  /** Once `stop` has been called: it starts nothing any more. */
  isStopped(): boolean;
  /** Ends every instance, requests under way or not. */
  stop(): Promise<void>;
}

interface Slot {
  readonly instance: Instance;
  inFlight: number;
  /** Takes no new requests. */
  retired: boolean;
  cancelIdle: (() => void) | undefined;
}

export function createRevisionRuntime(
  start: (reason: StartReason, signal: AbortSignal) => Promise<Instance>,
  clock: Clock,
  onError: (error: unknown) => void,
): RevisionRuntime {
  const slots = new Set<Slot>();
  let current: Slot | undefined;
  let starting: Promise<Slot> | undefined;
  let demand: Demand = 'settling';
  const stopping = new AbortController();

  const end = (slot: Slot): Promise<void> => {
    slot.cancelIdle?.();
    slot.retired = true;
    if (current === slot) current = undefined;
    return slot.instance.stop();
  };

  const afterUse = (slot: Slot): void => {
    slot.cancelIdle?.();
    if (slot.inFlight > 0) return;
    if (slot.retired || demand === 'none') {
      end(slot).catch(onError);
    } else if (demand === 'tag') {
      slot.cancelIdle = clock.after(idleMs, () => {
        if (slot.inFlight === 0 && demand === 'tag') end(slot).catch(onError);
      });
    }
  };

  const begin = (reason: StartReason): Promise<Slot> => {
    starting ??= start(reason, stopping.signal)
      .then(async (instance) => {
        const slot: Slot = { instance, inFlight: 0, retired: false, cancelIdle: undefined };
        slots.add(slot);
        current = slot;
        void instance.ended.then(() => {
          slot.retired = true;
          slots.delete(slot);
          if (current === slot) current = undefined;
        });
        if (stopping.signal.aborted) await end(slot);
        return slot;
      })
      .finally(() => {
        starting = undefined;
      });
    return starting;
  };

  const ensure = async (reason: StartReason): Promise<void> => {
    if (current || stopping.signal.aborted) return;
    afterUse(await begin(reason));
  };

  return {
    ensure,
    async acquire() {
      for (;;) {
        if (stopping.signal.aborted) throw new StartFailure('container', 'The revision has been stopped');
        const slot = current ?? (await begin('AUTOSCALING'));
        // It ended, or lost its place, between its start and this request's turn.
        if (slot.retired) continue;
        slot.inFlight += 1;
        slot.cancelIdle?.();
        let held = true;
        return {
          instance: slot.instance,
          release() {
            if (!held) return;
            held = false;
            slot.inFlight -= 1;
            afterUse(slot);
          },
        };
      }
    },
    demand(wanted) {
      if (demand === wanted) return;
      demand = wanted;
      if (current) {
        const slot = current;
        if (wanted === 'none') {
          slot.retired = true;
          current = undefined;
        }
        afterUse(slot);
      } else if (wanted === 'traffic') {
        ensure('DEPLOYMENT_ROLLOUT').catch(onError);
      }
    },
    isRunning: () => current !== undefined,
    isStopped: () => stopping.signal.aborted,
    async stop() {
      stopping.abort();
      await starting?.catch(() => undefined);
      await Promise.all([...slots].map(end));
    },
  };
}
