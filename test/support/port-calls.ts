/** What the process that was at work is ended with: nothing of it runs on. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** `before`: the call never reached the outside; `after`: it did, but nobody was left to hear the answer. */
export type Moment = 'before' | 'after';

export interface PortCalls {
  /** The same port; each of its methods, all asynchronous, counts as one call. */
  through<T extends object>(name: string, port: T): T;
  /** The calls since the last `start`, in order. */
  readonly made: readonly string[];
  /** A new process, that dies at a call (the first is 0) or not at all. */
  start(dies?: { readonly at: number; readonly when: Moment }): void;
}

/** Sees every call to the outside, so that a process can be ended between any two of them. */
export function portCalls(): PortCalls {
  let made: string[] = [];
  let dies: { readonly at: number; readonly when: Moment } | undefined;
  let dead = false;

  const call = async (what: string, effect: () => unknown): Promise<unknown> => {
    if (dead) throw new ProcessDied(what);
    const fatal = dies?.at === made.length ? dies.when : undefined;
    made.push(what);
    if (fatal === 'before') dead = true;
    if (dead) throw new ProcessDied(what);
    const result = await effect();
    if (fatal === 'after') {
      dead = true;
      throw new ProcessDied(what);
    }
    return result;
  };

  return {
    through: (name, port) =>
      new Proxy(port, {
        get(target, key, receiver) {
          const value: unknown = Reflect.get(target, key, receiver);
          if (typeof value !== 'function') return value;
          const method = value as (...args: unknown[]) => unknown;
          return (...args: unknown[]) => call(`${name}.${String(key)}`, () => method(...args));
        },
      }),
    get made() {
      return made;
    },
    start(death) {
      made = [];
      dead = false;
      dies = death;
    },
  };
}
