import type { Probe } from '../release/release.ts';

/** They speak of us or of the way to the revision, not of its health. */
const untelling: ReadonlySet<Probe['outcome']> = new Set(['rate-limited', 'not-permitted', 'unreachable']);

export const isGood = ({ outcome }: Probe): boolean => outcome === 'ok';
export const isTelling = ({ outcome }: Probe): boolean => !untelling.has(outcome);
export const isFailure = (probe: Probe): boolean => isTelling(probe) && !isGood(probe);

/** The runs of one check; of the health path when no name is given. */
export const runsOf = (probes: readonly Probe[], check: string | undefined): Probe[] =>
  probes.filter((probe) => probe.check === check);

/** The telling runs since the last one that was not of this kind. */
export function lastInARow(runs: readonly Probe[], kind: (probe: Probe) => boolean): Probe[] {
  const telling = runs.filter(isTelling);
  return telling.slice(telling.findLastIndex((probe) => !kind(probe)) + 1);
}

/** `answered 500 instead of 200 (12 times), did not answer within 5 s (once)`, most frequent first. */
export function summarise(runs: readonly Probe[]): string {
  const counts = new Map<string, number>();
  for (const { detail, outcome } of runs) {
    const text = detail ?? outcome;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([text, count]) => `${text} (${count === 1 ? 'once' : `${count} times`})`)
    .join(', ');
}
