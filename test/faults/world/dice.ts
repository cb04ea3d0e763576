/**
 * Chance by name: the same seed and key give the same number, in whatever order they are asked for. So a fault that is
 * left out of a replay does not shift the luck of all that comes after it, as a stream of random numbers would.
 */
export interface Dice {
  /** In [0, 1). */
  number(key: string): number;
  between(key: string, low: number, high: number): number;
  whole(key: string, low: number, high: number): number;
  chance(key: string, probability: number): boolean;
  pick<T>(key: string, items: readonly [T, ...T[]]): T;
  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(key: string, weights: Readonly<Record<Name, number>>): Name;
  hex(key: string, length: number): string;
}

/** 32 bits of a text: FNV-1a with the finaliser of MurmurHash3, which spreads short keys that differ in one character. */
export function hash(text: string, start = 0x811c9dc5): number {
  let value = start >>> 0;
  for (let index = 0; index < text.length; index += 1) {
    value ^= text.charCodeAt(index);
    value = Math.imul(value, 0x01000193);
  }
  value ^= value >>> 16;
  value = Math.imul(value, 0x85ebca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

export function createDice(seed: number): Dice {
  const start = hash(`seed ${seed}`);
  const number = (key: string): number => hash(key, start) / 2 ** 32;
  const between = (key: string, low: number, high: number): number => low + number(key) * (high - low);
  const whole = (key: string, low: number, high: number): number => Math.floor(between(key, low, high + 1));
  return {
    number,
    between,
    whole,
    chance: (key, probability) => number(key) < probability,
    pick: (key, items) => items[whole(key, 0, items.length - 1)] ?? items[0],
    weighted<Name extends string>(key: string, weights: Readonly<Record<Name, number>>): Name {
      const names = Object.keys(weights) as Name[];
      let left = number(key) * names.reduce((sum, name) => sum + weights[name], 0);
      for (const name of names) {
        left -= weights[name];
        if (left < 0) return name;
      }
      throw new Error(`no weight of ${names.join(', ')} is above 0`);
    },
    hex: (key, length) =>
      Array.from({ length: Math.ceil(length / 8) }, (_, part) =>
        hash(`${key} ${part}`, start).toString(16).padStart(8, '0'),
      )
        .join('')
        .slice(0, length),
  };
}
