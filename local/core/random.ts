/** A repeatable stream of numbers in [0, 1). */
export type Random = () => number;

/**
 * The stream that `seed` and `stream` name: the same two always give the same numbers, and streams of different names
 * do not disturb one another. For faults and jitter that must be replayable; never for secrets.
 */
export function createRandom(seed: number, stream = ''): Random {
  // FNV-1a folds both into 32 bits, as text, so that neighbouring seeds and names do not meet; mulberry32 walks on.
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(`${seed}/${stream}`)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
