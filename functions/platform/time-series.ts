import type { protos } from '@google-cloud/monitoring';

type ITimeSeries = protos.google.monitoring.v3.ITimeSeries;
type IPoint = protos.google.monitoring.v3.IPoint;
type ITypedValue = protos.google.monitoring.v3.ITypedValue;
type IBucketOptions = protos.google.api.Distribution.IBucketOptions;

/** A count, or a histogram: counts per bucket, one more than there are bounds between them. */
export interface Reading {
  readonly counts: readonly number[];
  /** Empty for a plain count, which is the one entry of `counts`. */
  readonly bounds: readonly number[];
}

export interface TimedReading extends Reading {
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
}

/** One time series, its points oldest first. */
export interface ReadSeries {
  readonly metricLabels: Readonly<Record<string, string>>;
  readonly resourceLabels: Readonly<Record<string, string>>;
  readonly points: readonly TimedReading[];
}

/** 64-bit integers come as numbers, texts or objects, depending on the transport. */
type WholeNumber = number | string | { toString(): string } | null | undefined;
const numberOf = (value: WholeNumber): number => Number((value ?? 0).toString());

const timeMs = (time: { seconds?: WholeNumber; nanos?: number | null } | null | undefined): number =>
  numberOf(time?.seconds) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6);

/** https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#BucketOptions */
function boundsOf({ explicitBuckets, exponentialBuckets, linearBuckets }: IBucketOptions): number[] {
  if (explicitBuckets) return explicitBuckets.bounds ?? [];
  const finite = exponentialBuckets?.numFiniteBuckets ?? linearBuckets?.numFiniteBuckets ?? -1;
  return Array.from({ length: finite + 1 }, (_, index) =>
    exponentialBuckets
      ? (exponentialBuckets.scale ?? 0) * (exponentialBuckets.growthFactor ?? 0) ** index
      : (linearBuckets?.offset ?? 0) + (linearBuckets?.width ?? 0) * index,
  );
}

function readValue({ int64Value, distributionValue }: ITypedValue): Reading {
  if (!distributionValue) return { counts: [numberOf(int64Value)], bounds: [] };
  const bounds = boundsOf(distributionValue.bucketOptions ?? {});
  const given = distributionValue.bucketCounts ?? [];
  // Buckets at the end that are empty may be left out.
  return { bounds, counts: Array.from({ length: bounds.length + 1 }, (_, index) => numberOf(given[index])) };
}

const readPoint = ({ interval, value }: IPoint): TimedReading => ({
  startMs: timeMs(interval?.startTime),
  endMs: timeMs(interval?.endTime),
  ...readValue(value ?? {}),
});

/** A listing, decoded. A series that goes on in a later page comes several times, and is put together here. */
export function readTimeSeries(listed: readonly ITimeSeries[]): ReadSeries[] {
  const all = new Map<string, ReadSeries>();
  for (const { metric, resource, points } of listed) {
    const metricLabels = metric?.labels ?? {};
    const resourceLabels = resource?.labels ?? {};
    const key = JSON.stringify([metricLabels, resourceLabels].map((labels) => Object.entries(labels).sort()));
    const before = all.get(key)?.points ?? [];
    const together = [...before, ...(points ?? []).map(readPoint)].sort((a, b) => a.endMs - b.endMs);
    all.set(key, { metricLabels, resourceLabels, points: together });
  }
  return [...all.values()];
}

/** The buckets differ: their counts cannot be put together. */
export class BucketsDifferError extends Error {
  override readonly name = 'BucketsDifferError';
}

/** Both together; either may be nothing yet. Throws BucketsDifferError. */
export function addReadings(one: Reading | undefined, other: Reading, sign: 1 | -1 = 1): Reading {
  if (!one) return other;
  if (one.bounds.length !== other.bounds.length || one.bounds.some((bound, at) => bound !== other.bounds[at]))
    throw new BucketsDifferError(
      `latencies are counted in ${one.bounds.length} and in ${other.bounds.length} buckets with other bounds; let all instances of a revision count in the same`,
    );
  return {
    bounds: one.bounds,
    counts: one.counts.map((count, index) => count + sign * (other.counts[index] ?? 0)),
  };
}

/** Whether the last point at or before `fromMs` may be older than all points that were read, which begin at `sinceMs`. */
export const lacksBase = ({ points }: ReadSeries, sinceMs: number, fromMs: number): boolean => {
  const [first] = points;
  return first !== undefined && first.startMs < sinceMs && first.endMs > fromMs;
};

/**
 * What a cumulative series grew by in (fromMs, toMs]: from its last point at or before the one to its last at or before
 * the other. A new start time begins at zero. Undefined when it has no point in that time.
 */
export function growth({ points }: ReadSeries, fromMs: number, toMs: number): Reading | undefined {
  let before = points.findLast(({ endMs }) => endMs <= fromMs);
  let sum: Reading | undefined;
  for (const point of points) {
    if (point.endMs <= fromMs || point.endMs > toMs) continue;
    const gained = before?.startMs === point.startMs ? addReadings(point, before, -1) : point;
    sum = addReadings(sum, gained);
    before = point;
  }
  return sum;
}

/** The sum of the points of a series that end in (fromMs, toMs], each of which counts a time of its own. */
export function total({ points }: ReadSeries, fromMs: number, toMs: number): Reading | undefined {
  let sum: Reading | undefined;
  for (const point of points) if (point.endMs > fromMs && point.endMs <= toMs) sum = addReadings(sum, point);
  return sum;
}
