import type { Clock } from '../core/clock.ts';
import type { Table } from '../core/state.ts';
import { noFaults, type FaultPlan } from './fault-plan.ts';
import type { PubsubMessage } from './resources.ts';

/** What is kept of a message until its subscription has acknowledged it. */
export interface StoredDelivery {
  readonly message: PubsubMessage;
  readonly failedAttempts: number;
}

export interface Delivery {
  /** Unique within the subscription. */
  readonly id: string;
  readonly message: PubsubMessage;
  /** 1 for the first delivery. */
  readonly attempt: number;
}

interface Entry {
  readonly id: string;
  readonly message: PubsubMessage;
  failedAttempts: number;
  /** `behind`: an earlier message of the same ordering key is not acknowledged yet. */
  state: 'behind' | 'ready' | 'waiting' | 'leased';
  /** A second delivery of a message that is kept elsewhere: it is tried once and forgotten. */
  readonly copy: boolean;
  cancelTimer?: (() => void) | undefined;
}

export interface DeliveryQueueOptions {
  readonly clock: Clock;
  readonly table: Table<StoredDelivery>;
  /** `projects/p/subscriptions/s`. */
  readonly subscription: string;
  readonly ordered: boolean;
  retentionMs(): number;
  retryDelayMs(failedAttempts: number): number;
  /** Takes a message that has failed often enough; false to keep on trying. */
  deadLetter(message: PubsubMessage, failedAttempts: number): boolean;
  /** There is something to take. */
  onReady(): void;
}

/** The messages of one subscription that are not acknowledged yet; each is on disk until it is. */
export interface DeliveryQueue {
  add(message: PubsubMessage, plan?: FaultPlan): void;
  /** The next message, leased: to be acknowledged or failed; after `leaseMs` (when given) it counts as failed. */
  take(leaseMs?: number): Delivery | undefined;
  acknowledge(id: string): void;
  /** The delivery has failed: the message comes again after its back-off, or goes to the dead letters. */
  fail(id: string): void;
  /** A leased message fails `leaseMs` from now instead. */
  extend(id: string, leaseMs: number): void;
  readonly size: number;
  /** Forgets timers, keeps messages. */
  close(): void;
  /** Forgets messages. */
  clear(): void;
}

/** How long an overtaken message waits for the one that overtakes it. */
const overtakenMs = 1_000;

export function createDeliveryQueue(options: DeliveryQueueOptions): DeliveryQueue {
  const { clock, table, subscription } = options;
  /** In the order of publishing. */
  const entries = new Map<string, Entry>();
  const ready = new Set<Entry>();
  /** Messages of one ordering key, oldest first; only the first may be delivered. */
  const byKey = new Map<string, Entry[]>();
  let overtaken: Entry[] = [];
  /** The caller hears of what comes in, not of what was there when the queue was opened. */
  let opened = false;
  const rowOf = (id: string): string => `${subscription}/${id}`;
  const keyOf = ({ message }: Entry): string => (options.ordered ? (message.orderingKey ?? '') : '');

  const setTimer = (entry: Entry, delayMs: number, task: () => void): void => {
    entry.cancelTimer?.();
    entry.cancelTimer = clock.after(delayMs, task);
  };
  const makeReady = (entry: Entry): void => {
    entry.cancelTimer?.();
    entry.state = 'ready';
    ready.add(entry);
    if (opened) options.onReady();
  };
  const wait = (entry: Entry, delayMs: number): void => {
    entry.state = 'waiting';
    ready.delete(entry);
    setTimer(entry, delayMs, () => {
      makeReady(entry);
    });
  };
  const remove = (entry: Entry): void => {
    entry.cancelTimer?.();
    if (!entry.copy) table.delete(rowOf(entry.id));
    entries.delete(entry.id);
    ready.delete(entry);
    const key = keyOf(entry);
    const line = byKey.get(key);
    if (key === '' || !line) return;
    line.splice(line.indexOf(entry), 1);
    const [first] = line;
    if (!first) byKey.delete(key);
    else if (first.state === 'behind') makeReady(first);
  };
  const isExpired = ({ message }: Entry): boolean =>
    Date.parse(message.publishTime) + options.retentionMs() <= clock.now();
  const removeExpired = (): void => {
    for (const entry of entries.values()) {
      if (!isExpired(entry)) return;
      remove(entry);
    }
  };
  /** Only now, with the later message's delivery behind it, can a held one be sure to arrive after it. */
  const releaseOvertaken = (by: Entry): void => {
    if (overtaken.length === 0) return;
    const released = overtaken.filter(({ message }) => message.messageId < by.message.messageId);
    overtaken = overtaken.filter((entry) => !released.includes(entry));
    for (const entry of released) if (entry.state === 'waiting' && entries.has(entry.id)) makeReady(entry);
  };
  const insert = (entry: Entry, { delayMs, overtaken: isOvertaken }: FaultPlan): void => {
    entries.set(entry.id, entry);
    const key = keyOf(entry);
    if (key !== '') {
      const line = byKey.get(key) ?? [];
      line.push(entry);
      byKey.set(key, line);
      // Ordered delivery is a promise of the product: neither delay nor reordering may break it.
      if (line.length > 1) return;
      if (delayMs > 0) wait(entry, delayMs);
      else makeReady(entry);
      return;
    }
    if (isOvertaken) {
      wait(entry, delayMs + overtakenMs);
      overtaken.push(entry);
      return;
    }
    if (delayMs > 0) wait(entry, delayMs);
    else makeReady(entry);
  };

  const fail = (id: string): void => {
    const entry = entries.get(id);
    if (entry?.state !== 'leased') return;
    releaseOvertaken(entry);
    if (entry.copy) {
      remove(entry);
      return;
    }
    entry.failedAttempts += 1;
    if (options.deadLetter(entry.message, entry.failedAttempts)) {
      remove(entry);
      return;
    }
    table.set(rowOf(id), { message: entry.message, failedAttempts: entry.failedAttempts });
    const delayMs = options.retryDelayMs(entry.failedAttempts);
    if (delayMs > 0) wait(entry, delayMs);
    else makeReady(entry);
  };

  for (const [row, { message, failedAttempts }] of table.entries(`${subscription}/`)) {
    const id = row.slice(subscription.length + 1);
    insert({ id, message, failedAttempts, state: 'behind', copy: false }, noFaults);
  }
  removeExpired();
  opened = true;

  return {
    add(message, plan = noFaults) {
      removeExpired();
      if (plan.drop) return;
      const id = message.messageId;
      table.set(rowOf(id), { message, failedAttempts: 0 });
      insert({ id, message, failedAttempts: 0, state: 'behind', copy: false }, plan);
      if (plan.copies > 1) {
        insert({ id: `${id}+copy`, message, failedAttempts: 0, state: 'behind', copy: true }, plan);
      }
    },
    take(leaseMs) {
      for (const entry of ready) {
        if (isExpired(entry)) {
          remove(entry);
          continue;
        }
        ready.delete(entry);
        entry.state = 'leased';
        if (leaseMs !== undefined) {
          setTimer(entry, leaseMs, () => {
            fail(entry.id);
          });
        }
        return { id: entry.id, message: entry.message, attempt: entry.failedAttempts + 1 };
      }
      return undefined;
    },
    acknowledge(id) {
      const entry = entries.get(id);
      if (!entry) return;
      releaseOvertaken(entry);
      remove(entry);
    },
    fail,
    extend(id, leaseMs) {
      const entry = entries.get(id);
      if (entry?.state !== 'leased') return;
      setTimer(entry, leaseMs, () => {
        fail(id);
      });
    },
    get size() {
      return entries.size;
    },
    close() {
      for (const entry of entries.values()) entry.cancelTimer?.();
    },
    clear() {
      for (const entry of [...entries.values()]) {
        entry.cancelTimer?.();
        if (!entry.copy) table.delete(rowOf(entry.id));
      }
      entries.clear();
      ready.clear();
      byKey.clear();
      overtaken = [];
    },
  };
}
