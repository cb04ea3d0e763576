import {
  measuredAfterMinutes,
  reportedAfterSeconds,
  type Monitoring,
  type RevisionAnswers,
} from '../platform/monitoring.ts';
import type { EvidenceStretch } from '../release/evidence.ts';
import type { Release } from '../release/release.ts';
import { latencyBoundsMs } from '../verdict/latency-bounds.ts';

/** Counts of a shorter time would be mostly noise of when instances report. */
const leastSeconds = 5;

/** Whose answers are to be compared. */
export interface Sides {
  readonly candidate: string;
  /** Undefined where the candidate has all traffic, or is the first. */
  readonly stable: string | undefined;
}

/**
 * Whose counts a reading had to go by: those of the instances themselves; `cloud-run`, where not both sides report any;
 * undefined while it is too early to ask anybody.
 */
export type CountedBy = 'instances' | 'cloud-run';

/** Undefined `stretch`: there is nothing new to read. */
export interface MetricsReading {
  readonly stretch: EvidenceStretch | undefined;
  readonly by: CountedBy | undefined;
}

/** A time in which the traffic was shared in one way. */
export interface Window {
  readonly from: Date;
  /** Undefined while it lasts. */
  readonly to: Date | undefined;
  readonly sides: Sides;
}

/**
 * The first window of a release of which the answers are not all read yet. Metrics come late: what a step has shown may only
 * be known when the next one is served.
 */
export function unreadWindow(
  { steps }: Release,
  { candidate, stable }: Sides,
  readUntil: string | undefined,
): Window | undefined {
  for (const [index, { percent, servingAt }] of steps.entries()) {
    if (servingAt === undefined) continue;
    const since = readUntil !== undefined && readUntil > servingAt ? readUntil : servingAt;
    const to = steps[index + 1]?.askedAt;
    // All read; or over before it was seen to be served, which is possible where clocks differ.
    if (to !== undefined && to <= since) continue;
    const sides = { candidate, stable: percent < 100 ? stable : undefined };
    return { from: new Date(since), to: to === undefined ? undefined : new Date(to), sides };
  }
  return undefined;
}

/**
 * What the sides have answered in the window so far: as the instances report it, within seconds, where both sides do; else
 * as Cloud Run measures it, minutes later.
 */
export async function nextStretch(
  monitoring: Monitoring,
  service: string,
  { from, to: end, sides }: Window,
  now: Date,
): Promise<MetricsReading> {
  const until = (lagSeconds: number): Date => {
    const readable = now.getTime() - lagSeconds * 1000;
    return new Date(Math.min(readable, end?.getTime() ?? readable));
  };
  const isLong = (to: Date): boolean => {
    const least = to.getTime() === end?.getTime() ? 1 : leastSeconds * 1000;
    return to.getTime() - from.getTime() >= least;
  };
  const reportedUntil = until(reportedAfterSeconds);
  if (!isLong(reportedUntil)) return { stretch: undefined, by: undefined };
  const reported = await monitoring.reported(service, from, reportedUntil);
  if (speaksOfBoth(reported, sides))
    return { stretch: stretchOf(reported, sides, from, reportedUntil), by: 'instances' };
  const measuredUntil = until(measuredAfterMinutes * 60);
  if (!isLong(measuredUntil)) return { stretch: undefined, by: 'cloud-run' };
  const measured = await monitoring.measured(service, from, measuredUntil);
  return { stretch: stretchOf(measured, sides, from, measuredUntil), by: 'cloud-run' };
}

const of = (answers: readonly RevisionAnswers[], revision: string): RevisionAnswers | undefined =>
  answers.find((each) => each.revision === revision);

const speaksOfBoth = (answers: readonly RevisionAnswers[], { candidate, stable }: Sides): boolean =>
  of(answers, candidate) !== undefined && (stable === undefined || of(answers, stable) !== undefined);

const stretchOf = (
  answers: readonly RevisionAnswers[],
  { candidate, stable }: Sides,
  from: Date,
  to: Date,
): EvidenceStretch => ({
  from: from.toISOString(),
  to: to.toISOString(),
  candidate: toAnswers(of(answers, candidate)),
  ...(stable === undefined ? {} : { stable: toAnswers(of(answers, stable)) }),
});

/** In the verdict's own buckets: those of another scale go where their upper bound falls, on both sides alike. */
function toAnswers(counted: RevisionAnswers | undefined): EvidenceStretch['candidate'] {
  const latency = new Array<number>(latencyBoundsMs.length + 1).fill(0);
  counted?.latency.forEach((count, bucket) => {
    const upper = counted.boundsMs[bucket] ?? Infinity;
    const found = latencyBoundsMs.findIndex((bound) => bound >= upper);
    const into = found === -1 ? latencyBoundsMs.length : found;
    latency[into] = (latency[into] ?? 0) + count;
  });
  return { total: counted?.total ?? 0, errors: counted?.errors ?? 0, latency };
}
