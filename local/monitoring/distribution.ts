import type { BucketOptions, DistributionJson } from './resources.ts';

/** A histogram of values with its moments. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly sumOfSquaredDeviation: number;
  readonly bucketOptions: BucketOptions;
  /** Underflow first, overflow last; zeros at the end may be missing. */
  readonly bucketCounts: readonly number[];
}

/** What is wrong with a distribution, in a sentence. */
export class DistributionError extends Error {
  override readonly name = 'DistributionError';
}

/**
 * The bounds between the buckets, one fewer than there are buckets: bucket i holds bounds[i - 1] <= value < bounds[i].
 * Throws DistributionError. https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#BucketOptions
 */
export function bucketBounds({
  linearBuckets,
  exponentialBuckets,
  explicitBuckets,
}: BucketOptions): readonly number[] {
  const given = [linearBuckets, exponentialBuckets, explicitBuckets].filter(
    (options) => options !== undefined,
  );
  if (given.length !== 1) throw new DistributionError('bucket_options must have exactly one kind of buckets');
  const bounds = explicitBuckets
    ? (explicitBuckets.bounds ?? [])
    : linearBuckets
      ? Array.from(
          { length: (linearBuckets.numFiniteBuckets ?? 0) + 1 },
          (_, index) => (linearBuckets.offset ?? 0) + (linearBuckets.width ?? 0) * index,
        )
      : Array.from(
          { length: (exponentialBuckets?.numFiniteBuckets ?? 0) + 1 },
          (_, index) => (exponentialBuckets?.scale ?? 0) * (exponentialBuckets?.growthFactor ?? 0) ** index,
        );
  if (bounds.length === 0) throw new DistributionError('bucket_options must have at least one bound');
  // Google allows no more.
  if (bounds.length > 200) throw new DistributionError('bucket_options may have at most 200 buckets');
  if (bounds.some((bound, index) => index > 0 && bound <= (bounds[index - 1] ?? 0)))
    throw new DistributionError('the bounds of bucket_options must increase');
  return bounds;
}

function wholeCount(text: string | undefined, place: string): number {
  const count = Number(text ?? '0');
  if (!Number.isSafeInteger(count) || count < 0)
    throw new DistributionError(`${place} must be a whole number from 0 to 2^53 - 1`);
  return count;
}

/** Reads what a client has sent. Throws DistributionError. */
export function decodeDistribution(json: DistributionJson): Distribution {
  const { bucketOptions, mean = 0, sumOfSquaredDeviation = 0 } = json;
  if (!bucketOptions) throw new DistributionError('bucket_options is required');
  if (json.range !== undefined || json.exemplars !== undefined)
    throw new DistributionError('range and exemplars are not part of the local cloud');
  const bounds = bucketBounds(bucketOptions);
  const bucketCounts = (json.bucketCounts ?? []).map((text) => wholeCount(text, 'bucket_counts'));
  const count = wholeCount(json.count, 'count');
  if (bucketCounts.length > bounds.length + 1)
    throw new DistributionError(`bucket_counts has more than ${bounds.length + 1} entries`);
  if (bucketCounts.reduce((sum, each) => sum + each, 0) !== count)
    throw new DistributionError('count must be the sum of bucket_counts');
  if (count === 0 && (mean !== 0 || sumOfSquaredDeviation !== 0))
    throw new DistributionError('mean and sum_of_squared_deviation must be 0 where count is 0');
  if (sumOfSquaredDeviation < 0) throw new DistributionError('sum_of_squared_deviation must not be negative');
  return { count, mean, sumOfSquaredDeviation, bucketOptions, bucketCounts: trimmed(bucketCounts) };
}

export const encodeDistribution = (distribution: Distribution): DistributionJson => ({
  count: String(distribution.count),
  mean: distribution.mean,
  sumOfSquaredDeviation: distribution.sumOfSquaredDeviation,
  bucketOptions: distribution.bucketOptions,
  bucketCounts: distribution.bucketCounts.map(String),
});

function trimmed(counts: readonly number[]): readonly number[] {
  let length = counts.length;
  while (length > 0 && counts[length - 1] === 0) length -= 1;
  return counts.slice(0, length);
}

export const emptyDistribution = (bucketOptions: BucketOptions): Distribution => ({
  ...{ count: 0, mean: 0, sumOfSquaredDeviation: 0 },
  ...{ bucketOptions, bucketCounts: [] },
});

/** With one more value. */
export function observe(before: Distribution, value: number): Distribution {
  const bounds = bucketBounds(before.bucketOptions);
  const above = bounds.findIndex((bound) => value < bound);
  const bucket = above === -1 ? bounds.length : above;
  const one = {
    ...{ count: 1, mean: value, sumOfSquaredDeviation: 0 },
    bucketOptions: before.bucketOptions,
    bucketCounts: Array.from({ length: bucket + 1 }, (_, index) => (index === bucket ? 1 : 0)),
  };
  return addDistributions(before, one);
}

const sameBuckets = (one: BucketOptions, other: BucketOptions): boolean =>
  JSON.stringify(bucketBounds(one)) === JSON.stringify(bucketBounds(other));

/** The values of both together. Throws DistributionError when their buckets differ. */
export function addDistributions(one: Distribution, other: Distribution): Distribution {
  if (!sameBuckets(one.bucketOptions, other.bucketOptions))
    throw new DistributionError('distributions with different buckets cannot be put together');
  const count = one.count + other.count;
  if (count === 0) return one;
  const delta = other.mean - one.mean;
  return {
    count,
    mean: one.mean + (delta * other.count) / count,
    sumOfSquaredDeviation:
      one.sumOfSquaredDeviation +
      other.sumOfSquaredDeviation +
      (delta * delta * one.count * other.count) / count,
    bucketOptions: one.bucketOptions,
    bucketCounts: Array.from(
      { length: Math.max(one.bucketCounts.length, other.bucketCounts.length) },
      (_, index) => (one.bucketCounts[index] ?? 0) + (other.bucketCounts[index] ?? 0),
    ),
  };
}

/** What has come since `earlier`, which `later` holds. Throws DistributionError when their buckets differ. */
export function subtractDistributions(later: Distribution, earlier: Distribution): Distribution {
  if (!sameBuckets(later.bucketOptions, earlier.bucketOptions))
    throw new DistributionError('distributions with different buckets cannot be subtracted');
  const count = later.count - earlier.count;
  if (count === 0) return emptyDistribution(later.bucketOptions);
  const mean = (later.mean * later.count - earlier.mean * earlier.count) / count;
  const delta = mean - earlier.mean;
  const squares =
    later.sumOfSquaredDeviation -
    earlier.sumOfSquaredDeviation -
    (delta * delta * earlier.count * count) / later.count;
  return {
    ...{ count, mean, sumOfSquaredDeviation: Math.max(0, squares), bucketOptions: later.bucketOptions },
    bucketCounts: trimmed(later.bucketCounts.map((each, index) => each - (earlier.bucketCounts[index] ?? 0))),
  };
}

/** The value below which `percent` of the values lie, evenly spread within their bucket; undefined when there are none. */
export function percentile(distribution: Distribution, percent: number): number | undefined {
  const { count, bucketCounts, bucketOptions } = distribution;
  if (count === 0) return undefined;
  const bounds = bucketBounds(bucketOptions);
  const wanted = (percent / 100) * count;
  let below = 0;
  for (const [index, inBucket] of bucketCounts.entries()) {
    if (inBucket > 0 && below + inBucket >= wanted) {
      const lower = bounds[index - 1] ?? Math.min(0, bounds[0] ?? 0);
      // The last bucket has no upper bound: nothing beyond its lower one is known.
      const upper = bounds[index] ?? lower;
      return lower + ((upper - lower) * (wanted - below)) / inBucket;
    }
    below += inBucket;
  }
  return bounds.at(-1);
}
