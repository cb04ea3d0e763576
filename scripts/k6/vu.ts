import { Worker, MessageChannel } from 'node:worker_threads';
import { clearInterrupt, wake } from './blocking-port.ts';
import { signal, type Call, type FromVu, type Outcome, type VuStart } from './messages.ts';
import type { IoRequest } from './io-thread.ts';
import { exitCode, TestError } from './exit-code.ts';

type Loaded = Extract<FromVu, { kind: 'loaded' }>;
type Told = Extract<FromVu, { kind: 'samples' | 'log' }>;

/** A virtual user's thread. */
export interface Vu {
  readonly number: number;
  readonly script: Loaded;
  /** Rejects when the thread has ended. */
  run(call: Call): Promise<Outcome>;
  /** Ends the call under way; a script that does not wait for anything is ended with its thread. */
  interrupt(): void;
  end(): Promise<void>;
}

/** How long a script may calculate after it was told to end. */
const obeyMs = 2000;

/** Starts a thread that loads the script. Rejects with TestError (107) when its init context throws. */
export async function startVu(
  threadFile: string,
  io: Worker,
  start: Pick<VuStart, 'vu' | 'code' | 'sourceMap' | 'env'>,
  onTold: (message: Told) => void,
): Promise<Vu> {
  const memory = new SharedArrayBuffer(signal.words * Int32Array.BYTES_PER_ELEMENT);
  const channel = new MessageChannel();
  io.postMessage({ kind: 'add', port: channel.port1, signal: memory } satisfies IoRequest, [channel.port1]);
  const worker = new Worker(threadFile, {
    workerData: { ...start, io: channel.port2, signal: memory } satisfies VuStart,
    transferList: [channel.port2],
    // What the script may see of the environment is in `start`.
    env: {},
  });
  let onDone: ((outcome: Outcome) => void) | undefined;
  let dead: Outcome | undefined;
  const finish = (outcome: Outcome): void => {
    onDone?.(outcome);
    onDone = undefined;
  };
  const script = await new Promise<Loaded>((resolve, reject) => {
    worker.on('message', (message: FromVu) => {
      switch (message.kind) {
        case 'loaded':
          resolve(message);
          return;
        case 'load-failed':
          reject(
            new TestError(exitCode.scriptException, `the script cannot be loaded: ${message.error.text}`),
          );
          return;
        case 'samples':
        case 'log':
          onTold(message);
          return;
        case 'done':
          finish(message.outcome);
      }
    });
    worker.once('error', (cause: Error) => {
      dead = { kind: 'failed', error: { text: cause.stack ?? cause.message } };
      reject(new Error('the thread of a virtual user failed', { cause }));
      finish(dead);
    });
    worker.once('exit', () => {
      dead ??= { kind: 'interrupted' };
      finish(dead);
    });
  });

  return {
    number: start.vu,
    script,
    run(call) {
      if (dead) return Promise.reject(new Error(`virtual user ${start.vu} has no thread any more`));
      clearInterrupt(memory);
      return new Promise((resolve) => {
        onDone = resolve;
        worker.postMessage(call);
      });
    },
    interrupt() {
      if (!onDone) return;
      const asked = onDone;
      wake(memory, true);
      setTimeout(() => {
        if (onDone === asked) void worker.terminate();
      }, obeyMs).unref();
    },
    async end() {
      await worker.terminate();
    },
  };
}
