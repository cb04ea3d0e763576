import type { Server } from 'node:http';
import type { CloudContext } from '../core/context.ts';
import { createCapacity } from './capacity.ts';
import { createFront } from './front.ts';
import type { Instance } from './instance.ts';

/** What a function's address serves at a time. */
export interface Serving {
  /** Starts one instance. Throws StartFailure. */
  start(): Promise<Instance>;
  readonly timeoutMs: number;
  /** Requests that all instances of the function together would take at once. */
  readonly places: number;
}

/** A function's address: one process behind it at a time, which stands for all the instances there may be. */
export interface FunctionRuntime {
  /** Opens the address; throws when something else has its port. */
  listen(): Promise<void>;
  /** Starts `next`, and once it takes requests sends them all there; the one before ends when it has answered its own. */
  deploy(next: Serving): Promise<void>;
  /** Serves `known`, whose instance is started in the background or by the first request. */
  resume(known: Serving): void;
  stop(): Promise<void>;
}

/** How long a request waits for a place before it gets 429. */
const waitForPlaceMs = 10_000;

interface Generation {
  readonly serving: Serving;
  instance?: Instance;
  /** Set while an instance is being started, so that several requests start one. */
  starting?: Promise<Instance> | undefined;
  underWay: number;
  /** Called when the last request is over. */
  idle?: () => void;
}

export function createFunctionRuntime(
  context: CloudContext,
  functionId: string,
  port: number,
): FunctionRuntime {
  const { clock } = context;
  const ending = new Set<Promise<void>>();
  let current: Generation | undefined;
  let server: Server | undefined;
  let stopped = false;

  const ready = (generation: Generation): Promise<Instance> => {
    if (stopped) return Promise.reject(new Error(`the function ${functionId} has been stopped`));
    if (generation.instance?.alive === true) return Promise.resolve(generation.instance);
    generation.starting ??= generation.serving
      .start()
      .then((instance) => (generation.instance = instance))
      .finally(() => {
        generation.starting = undefined;
      });
    return generation.starting;
  };

  /** Ends the instance; one that is only being started, as soon as it is there. */
  const end = async ({ instance, starting }: Generation): Promise<void> => {
    starting?.then(
      (late) => late.stop(),
      () => undefined,
    );
    await instance?.stop();
  };

  const retire = async (generation: Generation): Promise<void> => {
    if (generation.underWay > 0) {
      await new Promise<void>((resolve) => {
        generation.idle = resolve;
        // A request that is older than its timeout has been answered with 504.
        clock.after(generation.serving.timeoutMs, resolve);
      });
    }
    await end(generation);
  };

  return {
    async listen() {
      const front = createFront(clock, {
        capacity: createCapacity(clock, () => current?.serving.places ?? 1, waitForPlaceMs),
        async lease() {
          const generation = current;
          if (!generation) throw new Error(`the function ${functionId} has no revision yet`);
          generation.underWay += 1;
          const done = (): void => {
            generation.underWay -= 1;
            if (generation.underWay === 0) generation.idle?.();
          };
          try {
            return { instance: await ready(generation), timeoutMs: generation.serving.timeoutMs, done };
          } catch (error) {
            done();
            throw error;
          }
        },
        log: (message) => {
          context.log('error', `function ${functionId}: ${message}`);
        },
      });
      await new Promise<void>((resolve, reject) => {
        front.once('error', (cause) => {
          reject(
            new Error(
              `the address of function ${functionId} cannot be opened: port ${port} is in use; end what uses it and start again`,
              { cause },
            ),
          );
        });
        front.listen(port, '127.0.0.1', resolve);
      });
      server = front;
    },
    async deploy(next) {
      const generation: Generation = { serving: next, underWay: 0 };
      await ready(generation);
      const before = current;
      current = generation;
      if (!before) return;
      const gone = retire(before).finally(() => ending.delete(gone));
      ending.add(gone);
    },
    resume(known) {
      const generation: Generation = { serving: known, underWay: 0 };
      current = generation;
      ready(generation).catch((error: unknown) => {
        context.log('error', `function ${functionId} could not be started: ${String(error)}`);
      });
    },
    async stop() {
      stopped = true;
      server?.closeAllConnections();
      server?.close();
      if (current) await end(current);
      // Those that still answer: their connections are closed, so their requests are over.
      await Promise.all(ending);
    },
  };
}
