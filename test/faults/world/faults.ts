import { hash, type Dice } from './dice.ts';

export const faultKinds = [
  /** The call fails and nothing has happened. */
  'error-before',
  /** The call fails and yet it has happened. */
  'error-after',
  /** It has happened and looks as if somebody else had been faster: the answer was lost, and asking again met itself. */
  'conflict-after',
  /** The process dies, with all that runs in it. */
  'crash-before',
  'crash-after',
  /** The same, but the caller only notices when the deadline is over. */
  'hang',
  /** GitHub asks to be left alone. */
  'limited',
  'lost',
  'late',
  'duplicate',
  /** Cloud Run accepts the traffic and then cannot serve it. */
  'not-served',
  /** Cloud Run takes minutes. */
  'slow-reconcile',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export type FaultRates = Readonly<Record<FaultKind, number>>;

export interface Injected {
  readonly id: string;
  readonly kind: FaultKind;
  readonly key: string;
}

export interface Faults {
  /** One of these kinds, or most of the time none. The same key meets the same fault in every run of a seed. */
  draw(key: string, kinds: readonly FaultKind[]): FaultKind | undefined;
  /** From now on everything works. */
  stop(): void;
  readonly injected: readonly Injected[];
}

const nominal: FaultRates = {
  'error-before': 0.012,
  'error-after': 0.008,
  'conflict-after': 0.01,
  'crash-before': 0.002,
  'crash-after': 0.002,
  hang: 0.0008,
  limited: 0.03,
  lost: 0.04,
  late: 0.05,
  duplicate: 0.08,
  'not-served': 0.02,
  'slow-reconcile': 0.05,
};

/**
 * Each seed has its own weather: every kind of fault is absent, rare, usual or frequent. All kinds in the same measure
 * everywhere would hide what shows only where one of them does not get in the way of another.
 */
export function ratesOf(dice: Dice): FaultRates {
  const factor = (kind: FaultKind): number =>
    ({ absent: 0, rare: 0.3, usual: 1, frequent: 3 })[
      dice.weighted(`rate of ${kind}`, { absent: 2, rare: 2, usual: 3, frequent: 2 })
    ];
  return Object.fromEntries(faultKinds.map((kind) => [kind, nominal[kind] * factor(kind)])) as Record<
    FaultKind,
    number
  >;
}

/** `only`: the ids of the faults that may happen; all of them if undefined. */
export function createFaults(dice: Dice, rates: FaultRates, only: ReadonlySet<string> | undefined): Faults {
  const injected: Injected[] = [];
  let stopped = false;
  return {
    injected,
    stop() {
      stopped = true;
    },
    draw(key, kinds) {
      if (stopped) return undefined;
      let left = dice.number(`fault ${key}`);
      const kind = kinds.find((each) => (left -= rates[each]) < 0);
      if (kind === undefined) return undefined;
      const id = hash(`${kind} ${key}`).toString(36);
      if (only && !only.has(id)) return undefined;
      injected.push({ id, kind, key });
      return kind;
    },
  };
}
