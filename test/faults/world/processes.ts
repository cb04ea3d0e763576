import type { Dice } from './dice.ts';
import type { FaultKind, Faults } from './faults.ts';
import type { Trace } from './trace.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** How a piece of work ended, as far as whoever waits for it can tell. */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** The process is gone. `noticed`: the connection broke; else nobody hears of it until a deadline is over. */
  | { readonly kind: 'crashed'; readonly noticed: boolean };

/** One piece of work in one process: an event that a function handles, a build step, a person's command. */
export interface Invocation {
  readonly key: string;
  /** Who does it, for traces and for telling people's changes from the pipeline's. */
  readonly actor: string;
  /**
   * A call to the outside: it takes a while until `effect` happens, and another until the answer is there. On the way
   * any of `kinds` may befall it.
   */
  call<T>(what: string, effect: () => T, kinds?: readonly FaultKind[], answers?: FaultAnswers<T>): Promise<T>;
  /** By the clock of its process, which is a little wrong. */
  now(): Date;
  sleep(milliseconds: number): Promise<void>;
  /** When it read an object last, in true time. */
  readonly readAt: Map<string, number>;
}

/** What faults look like at a port, where they are not just an error. */
export interface FaultAnswers<T> {
  readonly conflict?: T;
  readonly limit?: () => Error;
}

export const crashes: readonly FaultKind[] = ['crash-before', 'crash-after', 'hang'];
export const errors: readonly FaultKind[] = ['error-before', 'error-after', ...crashes];

interface Process {
  readonly skewMs: number;
  readonly running: Set<(outcome: Outcome) => void>;
}

export interface Processes {
  /** Runs `work` in one of the processes of `program`; `ended` hears of it once. */
  start(
    options: {
      readonly program: string;
      readonly key: string;
      readonly actor: string;
      readonly timeoutMs?: number;
      /** Processes that share the work. A crash ends everything that runs in the same one. */
      readonly instances?: number;
    },
    work: (invocation: Invocation) => Promise<void>,
    ended: (outcome: Outcome) => void,
  ): { kill(): void };
  readonly crashed: number;
}

const maxSkewMs = 2_000;

/** Most answers come at once, some take seconds. */
function latencyMs(dice: Dice, key: string): number {
  const luck = dice.number(`latency ${key}`);
  const within = dice.number(`within ${key}`);
  if (luck < 0.85) return 2 + 60 * within;
  if (luck < 0.985) return 60 + 500 * within;
  return 500 + 8_000 * within;
}

/** An error as a client library throws it once it has asked often enough. */
export const unavailable = (what: string): Error =>
  Object.assign(new Error(`14 UNAVAILABLE: ${what}`), { code: 14 });

export function createProcesses(clock: VirtualClock, dice: Dice, faults: Faults, trace: Trace): Processes {
  const processes = new Map<string, Process>();
  let crashed = 0;
  let born = 0;

  const processOf = (name: string): Process => {
    const standing = processes.get(name);
    if (standing) return standing;
    born += 1;
    const process: Process = {
      skewMs: Math.round(dice.between(`skew ${name} ${born}`, -maxSkewMs, maxSkewMs)),
      running: new Set(),
    };
    processes.set(name, process);
    return process;
  };

  return {
    get crashed() {
      return crashed;
    },
    start({ program, key, actor, timeoutMs, instances = 2 }, work, ended) {
      const name = `${program}-${dice.whole(`instance ${key}`, 1, instances)}`;
      const process = processOf(name);
      let alive = true;
      let calls = 0;
      const end = (outcome: Outcome): void => {
        if (!alive) return;
        alive = false;
        process.running.delete(end);
        ended(outcome);
      };
      const crash = (noticed: boolean, why: string): void => {
        crashed += 1;
        processes.delete(name);
        trace(`✗ process ${name} dies ${why}, ${process.running.size} at work`);
        for (const each of [...process.running]) each({ kind: 'crashed', noticed });
      };
      process.running.add(end);
      if (timeoutMs !== undefined)
        clock.after(timeoutMs, () => {
          if (alive) trace(`✗ ${key} is ended after ${timeoutMs / 1000} s`);
          end({ kind: 'crashed', noticed: true });
        });
      const invocation: Invocation = {
        key,
        actor,
        readAt: new Map(),
        now: () => new Date(clock.now() + process.skewMs),
        sleep: (milliseconds) => {
          const call = `${key}/${(calls += 1)}:sleep`;
          const fault = faults.draw(call, ['crash-before']);
          return new Promise((resolve) => {
            clock.after(fault ? milliseconds / 2 : milliseconds, () => {
              if (!alive) return;
              if (fault) crash(true, `in ${call}`);
              else resolve();
            });
          });
        },
        call: <T>(
          what: string,
          effect: () => T,
          kinds: readonly FaultKind[] = errors,
          answers: FaultAnswers<T> = {},
        ): Promise<T> =>
          new Promise((resolve, reject) => {
            if (!alive) return;
            const call = `${key}/${(calls += 1)}:${what}`;
            const fault = faults.draw(call, kinds);
            clock.after(latencyMs(dice, `to ${call}`), () => {
              if (!alive) return;
              if (fault === 'crash-before' || fault === 'hang') {
                crash(fault !== 'hang', `before ${call}`);
                return;
              }
              if (fault === 'error-before' || fault === 'limited') {
                trace(`✗ ${call}: ${fault}`);
                reject(fault === 'limited' && answers.limit ? answers.limit() : unavailable(what));
                return;
              }
              let settle: () => void;
              try {
                const value = effect();
                settle = () => {
                  resolve(value);
                };
              } catch (error) {
                settle = () => {
                  reject(error instanceof Error ? error : new Error(String(error)));
                };
              }
              clock.after(latencyMs(dice, `from ${call}`), () => {
                if (!alive) return;
                if (fault === 'crash-after') {
                  crash(true, `after ${call}`);
                } else if (fault === 'error-after') {
                  trace(`✗ ${call}: ${fault}`);
                  reject(unavailable(what));
                } else if (fault === 'conflict-after') {
                  trace(`✗ ${call}: ${fault}`);
                  resolve(answers.conflict as T);
                } else settle();
              });
            });
          }),
      };
      work(invocation).then(
        () => {
          end({ kind: 'done' });
        },
        (error: unknown) => {
          end({ kind: 'failed', error });
        },
      );
      return {
        kill: () => {
          end({ kind: 'crashed', noticed: true });
        },
      };
    },
  };
}
