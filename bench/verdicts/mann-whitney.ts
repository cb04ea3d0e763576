import type { Family } from './judge.ts';
import { normalBelow } from './log-normal.ts';
import { windowsOf } from './windows.ts';

export interface WindowShape {
  readonly windowSeconds: number;
  readonly judgeEvery: number;
  /** How many windows back are compared; all of them if infinite. */
  readonly lookBack: number;
}

/** How sure the Mann-Whitney test is that `ours` are higher than `theirs`: 1 - p, one-sided, by the normal approximation. */
export function surenessHigher(ours: readonly number[], theirs: readonly number[]): number {
  const [n, m] = [ours.length, theirs.length];
  if (n === 0 || m === 0) return 0;
  const [a, b] = [Float64Array.from(ours).sort(), Float64Array.from(theirs).sort()];
  let rankSum = 0;
  let ties = 0;
  for (let i = 0, j = 0; i < n || j < m;) {
    const [startI, startJ] = [i, j];
    const value = Math.min(a[i] ?? Infinity, b[j] ?? Infinity);
    while (a[i] === value) i += 1;
    while (b[j] === value) j += 1;
    const tied = i - startI + j - startJ;
    rankSum += (i - startI) * ((startI + startJ + 1 + i + j) / 2);
    ties += tied ** 3 - tied;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance <= 0 ? 0 : normalBelow((u - (n * m) / 2 - 0.5) / Math.sqrt(variance));
}

/** Metric samples of windows of both sides, compared now and then: the way of Kayenta. */
export function mannWhitneyFamily(shape: WindowShape): Family {
  return {
    name: `windows of ${shape.windowSeconds} s, ${shape.lookBack === Infinity ? 'all' : `the last ${shape.lookBack}`}, judged every ${shape.judgeEvery}`,
    *looks(series) {
      const windows = windowsOf(series, shape.windowSeconds);
      for (let end = shape.judgeEvery; end <= windows.length; end += shape.judgeEvery) {
        const seen = windows.slice(Math.max(0, end - shape.lookBack), end);
        const ours = seen.flatMap(({ candidate }) => candidate ?? []);
        const theirs = seen.flatMap(({ stable }) => stable ?? []);
        yield { at: windows[end - 1]?.at ?? 0, badness: surenessHigher(ours, theirs) };
      }
    },
  };
}

/** What is tried when the judge is tuned. */
export const windowShapes: readonly WindowShape[] = [
  { windowSeconds: 10, judgeEvery: 1, lookBack: 30 },
  { windowSeconds: 10, judgeEvery: 6, lookBack: 60 },
  { windowSeconds: 30, judgeEvery: 2, lookBack: 20 },
  { windowSeconds: 60, judgeEvery: 1, lookBack: 10 },
  { windowSeconds: 60, judgeEvery: 1, lookBack: Infinity },
  { windowSeconds: 60, judgeEvery: 10, lookBack: Infinity },
];
