import { setImmediate } from 'node:timers';

/** Time that passes only from event to event. Milliseconds since the epoch. */
export interface VirtualClock {
  now(): number;
  after(delayMs: number, task: () => void): void;
  /** Runs event after event until `until`, or until `enough`, which is asked after each, says so. */
  run(until: number, enough?: () => boolean): Promise<void>;
  readonly events: number;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

const isBefore = (a: Due, b: Due): boolean => (a.at === b.at ? a.order < b.order : a.at < b.at);

/** A binary heap: what is due first comes out first, and of two at the same time the one that was set first. */
function createQueue(): { push(due: Due): void; pop(): Due | undefined; peek(): Due | undefined } {
  const heap: Due[] = [];
  const at = (index: number): Due => {
    const due = heap[index];
    if (!due) throw new RangeError(`there is no event ${index} of ${heap.length}`);
    return due;
  };
  const swap = (a: number, b: number): void => {
    [heap[a], heap[b]] = [at(b), at(a)];
  };
  return {
    peek: () => heap[0],
    push(due) {
      heap.push(due);
      for (let child = heap.length - 1; child > 0;) {
        const parent = (child - 1) >> 1;
        if (!isBefore(at(child), at(parent))) break;
        swap(child, parent);
        child = parent;
      }
    },
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || heap.length === 0) return first;
      heap[0] = last;
      for (let parent = 0; ;) {
        let least = parent;
        for (const child of [2 * parent + 1, 2 * parent + 2])
          if (child < heap.length && isBefore(at(child), at(least))) least = child;
        if (least === parent) return first;
        swap(least, parent);
        parent = least;
      }
    },
  };
}

/**
 * After each event everything runs that the event has set free: promises are settled by events alone, so that when the
 * loop of Node comes round, nothing is left to happen at this moment. That is what makes a run the same each time.
 */
export function createVirtualClock(start: number): VirtualClock {
  const queue = createQueue();
  let now = start;
  let order = 0;
  let events = 0;
  return {
    now: () => now,
    after(delayMs, task) {
      queue.push({ at: now + Math.max(0, delayMs), order: (order += 1), task });
    },
    async run(until, enough) {
      for (;;) {
        const next = queue.peek();
        if (next === undefined || next.at > until) break;
        queue.pop();
        now = next.at;
        events += 1;
        next.task();
        await new Promise<void>((resolve) => setImmediate(resolve));
        if (enough?.()) return;
      }
      now = Math.max(now, until);
    },
    get events() {
      return events;
    },
  };
}
