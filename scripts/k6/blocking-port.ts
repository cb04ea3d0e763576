import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { signal as words, type FromIo, type ToIo } from './messages.ts';

/** The iteration is to end now: thrown out of whatever the script waits for. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** A port whose reader blocks its thread until something arrives: what makes k6's synchronous functions possible. */
export interface BlockingPort {
  post(message: ToIo): void;
  /** The next message, or undefined once it is `untilMs` (of `performance.now()`). Throws Interrupted. */
  receive(untilMs: number): FromIo | undefined;
  /** Throws Interrupted if the iteration is to end. */
  check(): void;
}

export function createBlockingPort(port: MessagePort, memory: SharedArrayBuffer): BlockingPort {
  const signal = new Int32Array(memory);
  const check = (): void => {
    if (Atomics.load(signal, words.interrupted) !== 0)
      throw new Interrupted('the time for this iteration is over');
  };
  return {
    post(message) {
      port.postMessage(message);
    },
    check,
    receive(untilMs) {
      for (;;) {
        check();
        // Read before looking: what arrives in between makes the wait return at once.
        const seen = Atomics.load(signal, words.arrived);
        const received = receiveMessageOnPort(port) as { message: FromIo } | undefined;
        if (received) return received.message;
        const left = untilMs - performance.now();
        if (left <= 0) return undefined;
        Atomics.wait(signal, words.arrived, seen, left === Infinity ? undefined : left);
      }
    },
  };
}

/** Wakes whoever waits on that memory. */
export function wake(memory: SharedArrayBuffer, interrupt = false): void {
  const signal = new Int32Array(memory);
  if (interrupt) Atomics.store(signal, words.interrupted, 1);
  Atomics.add(signal, words.arrived, 1);
  Atomics.notify(signal, words.arrived);
}

/** Before the next iteration: what was said about the last one holds no longer. */
export function clearInterrupt(memory: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(memory), words.interrupted, 0);
}
