export interface MetricsPolicy {
  /** The chance that a candidate that is no worse is ever called unhealthy: all counts and all looks together. */
  readonly falseAlarmRate: number;
  /** The chance that a candidate that is bad is ever called healthy: all looks together. */
  readonly missRate: number;
  /** The candidate may have this many times stable's odds of a bad answer before it counts as worse. */
  readonly toleratedErrorRatio: number;
  /** Healthy needs the candidate to be surely below this many times stable's odds of a bad answer. */
  readonly notWorseRatio: number;
  /** The candidate may be this many times slower; rounded up to whole latency buckets of 12 %. */
  readonly toleratedSlowdown: number;
  /** The share of bad answers that is tolerated whatever the stable revision does. */
  readonly errorBudget: number;
  /** Answers slower than this are bad too; rounded up to the next latency bound. */
  readonly latencyBudgetMs?: number | undefined;
}

export const defaultMetricsPolicy: MetricsPolicy = {
  falseAlarmRate: 0.01,
  missRate: 0.05,
  toleratedErrorRatio: 1,
  notWorseRatio: 3,
  // A young instance with cold caches is a little slower than one that has run for days, and that is no regression.
  toleratedSlowdown: 1.1,
  errorBudget: 0.01,
};
