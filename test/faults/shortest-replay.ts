import { minimise } from './minimise.ts';
import { simulate, type Result } from './simulate.ts';
import type { WorldOptions } from './world/world.ts';

export interface ShortestReplay {
  readonly result: Result;
  /** As `--replay` takes it. */
  readonly replay: string;
  readonly actions: number;
  readonly faults: number;
  readonly runs: number;
}

/** Enough for what matters to be left; a replay that is not the very shortest is one all the same. */
const maxRuns = 250;
const keptLines = 5_000;

/** The actions and faults without which a failure does not come about, found by leaving out and running again. */
export async function shortestReplay(options: WorldOptions, failed: Result): Promise<ShortestReplay> {
  let runs = 0;
  let result = failed;
  let actions: readonly number[] = options.only ? [...options.only.actions] : failed.actions;
  let faults: readonly string[] = failed.injected.map(({ id }) => id);

  const fails = async (someActions: readonly number[], someFaults: readonly string[]): Promise<boolean> => {
    if (runs >= maxRuns) return false;
    runs += 1;
    const only = { actions: new Set(someActions), faults: new Set(someFaults) };
    const again = await simulate({ ...options, only, traceLines: keptLines });
    if (again.violation?.invariant !== failed.violation?.invariant) return false;
    result = again;
    return true;
  };
  // Actions first: without them most faults have nothing to befall. Then what neither needs any more.
  actions = await minimise(actions, (some) => fails(some, faults));
  faults = await minimise(faults, (some) => fails(actions, some));
  actions = await minimise(actions, (some) => fails(some, faults));
  return {
    result,
    replay: replayText({ actions, faults }),
    actions: actions.length,
    faults: faults.length,
    runs,
  };
}

/** `a3,a7,f1x9k2` */
export const replayText = (only: {
  readonly actions: Iterable<number>;
  readonly faults: Iterable<string>;
}): string =>
  [...[...only.actions].map((id) => `a${id}`), ...[...only.faults].map((id) => `f${id}`)].join(',') ||
  'nothing';

/** Reads what `replayText` has written; undefined where it is none. */
export function parseReplay(text: string): NonNullable<WorldOptions['only']> | undefined {
  const parts = text === 'nothing' ? [] : text.split(',');
  if (!parts.every((part) => /^(a\d+|f[0-9a-z]+)$/.test(part))) return undefined;
  return {
    actions: new Set(parts.filter((part) => part.startsWith('a')).map((part) => Number(part.slice(1)))),
    faults: new Set(parts.filter((part) => part.startsWith('f')).map((part) => part.slice(1))),
  };
}
