import type { Distribution } from './distribution.ts';

export type MetricKind = 'GAUGE' | 'DELTA' | 'CUMULATIVE';
export type ValueType = 'BOOL' | 'INT64' | 'DOUBLE' | 'STRING' | 'DISTRIBUTION';

/** google.api.Metric and google.api.MonitoredResource: a type and its labels. */
export interface Labelled {
  readonly type: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LabelDescriptor {
  readonly key: string;
  /** Absent is STRING. */
  readonly valueType?: string;
  readonly description?: string;
}

/** google.api.MetricDescriptor as far as it is kept. */
export interface MetricDescriptor {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly LabelDescriptor[];
  readonly metricKind: MetricKind;
  readonly valueType: ValueType;
  readonly unit?: string;
  readonly description?: string;
  readonly displayName?: string;
  readonly monitoredResourceTypes?: readonly string[];
  readonly metadata?: unknown;
  readonly launchStage?: string;
}

/** By the series' value type: INT64 and DOUBLE are numbers. */
export type MetricValue = boolean | number | string | Distribution;

/** One point: the value for the time from `startMs` to `endMs`, which are equal for a GAUGE. */
export interface DataPoint<T = MetricValue> {
  readonly startMs: number;
  readonly endMs: number;
  readonly value: T;
}

/** One time series without its points. */
export interface SeriesHead {
  readonly project: string;
  readonly metric: Labelled;
  readonly resource: Labelled;
  readonly metricKind: MetricKind;
  readonly valueType: ValueType;
}

export interface Series extends SeriesHead {
  /** Stable order of series in a listing. */
  readonly id: string;
  /** Oldest first. */
  readonly points: readonly DataPoint[];
}

/** google.monitoring.v3.Point in proto3 JSON. */
export interface PointJson {
  readonly interval?: { readonly startTime?: string; readonly endTime?: string };
  readonly value?: {
    readonly boolValue?: boolean;
    readonly int64Value?: string;
    readonly doubleValue?: number;
    readonly stringValue?: string;
    readonly distributionValue?: DistributionJson;
  };
}

/** google.api.Distribution in proto3 JSON. */
export interface DistributionJson {
  readonly count?: string;
  readonly mean?: number;
  readonly sumOfSquaredDeviation?: number;
  readonly range?: unknown;
  readonly bucketOptions?: BucketOptions;
  readonly bucketCounts?: readonly string[];
  readonly exemplars?: unknown;
}

/** google.api.Distribution.BucketOptions: one of the three. */
export interface BucketOptions {
  readonly linearBuckets?: {
    readonly numFiniteBuckets?: number;
    readonly width?: number;
    readonly offset?: number;
  };
  readonly exponentialBuckets?: {
    readonly numFiniteBuckets?: number;
    readonly growthFactor?: number;
    readonly scale?: number;
  };
  readonly explicitBuckets?: { readonly bounds?: readonly number[] };
}

/** google.monitoring.v3.TimeSeries in proto3 JSON. */
export interface TimeSeriesJson {
  readonly metric?: { readonly type?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly resource?: { readonly type?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly metadata?: unknown;
  readonly metricKind?: MetricKind | 'METRIC_KIND_UNSPECIFIED';
  readonly valueType?: ValueType | 'VALUE_TYPE_UNSPECIFIED' | 'MONEY';
  readonly points?: readonly PointJson[];
  readonly unit?: string;
  readonly description?: string;
}
