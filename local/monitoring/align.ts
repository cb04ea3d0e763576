import { ApiError } from '../core/api-error.ts';
import { addDistributions, percentile, subtractDistributions } from './distribution.ts';
import type { DataPoint, MetricKind, MetricValue, Series, ValueType } from './resources.ts';

export interface Window {
  /** Points that end after this … */
  readonly fromMs: number;
  /** … and not after this. */
  readonly toMs: number;
}

export interface Alignment {
  readonly aligner: string;
  readonly periodMs: number;
  /** Periods of `periodMs` that end with the interval asked for; oldest first. */
  readonly periods: readonly Window[];
}

/** The periods into which (fromMs, toMs] is cut, counted back from its end; the first may be shorter. */
export function alignmentPeriods({ fromMs, toMs }: Window, periodMs: number): Window[] {
  const count = Math.max(1, Math.ceil((toMs - fromMs) / periodMs));
  return Array.from({ length: count }, (_, index) => {
    const end = toMs - (count - 1 - index) * periodMs;
    return { fromMs: Math.max(fromMs, end - periodMs), toMs: end };
  });
}

const cannot = (
  aligner: string,
  { metricKind, valueType }: Pick<Series, 'metricKind' | 'valueType'>,
): ApiError =>
  new ApiError(
    'INVALID_ARGUMENT',
    `Field aggregation.perSeriesAligner had an invalid value: ${aligner} cannot be applied to metrics with kind ${metricKind} and value type ${valueType}.`,
  );

/** Counts, or distributions, put together. */
export const addValues = (one: MetricValue, other: MetricValue): MetricValue =>
  typeof one === 'object' && typeof other === 'object'
    ? addDistributions(one, other)
    : Number(one) + Number(other);

/**
 * What a CUMULATIVE series grew by in a period: from the last point at or before its start to the last at or before its
 * end. A new start time begins at zero. Nothing is interpolated, so that counts stay whole.
 */
function growth(points: readonly DataPoint[], { fromMs, toMs }: Window): MetricValue | undefined {
  let before = points.findLast(({ endMs }) => endMs <= fromMs);
  let sum: MetricValue | undefined;
  for (const point of points) {
    if (point.endMs <= fromMs || point.endMs > toMs) continue;
    const { value } = point;
    const gained: MetricValue =
      before?.startMs !== point.startMs
        ? value
        : typeof value === 'object' && typeof before.value === 'object'
          ? subtractDistributions(value, before.value)
          : Number(value) - Number(before.value);
    sum = sum === undefined ? gained : addValues(sum, gained);
    before = point;
  }
  return sum;
}

type Fold = (points: readonly DataPoint[], window: Window, periodMs: number) => MetricValue | undefined;

interface Aligner {
  readonly fold: Fold;
  readonly metricKind: MetricKind;
  readonly valueType: ValueType;
}

const inside = (points: readonly DataPoint[], { fromMs, toMs }: Window): MetricValue[] =>
  points.flatMap(({ endMs, value }) => (endMs > fromMs && endMs <= toMs ? [value] : []));

const summed = (values: readonly MetricValue[]): MetricValue | undefined =>
  values.length === 0 ? undefined : values.reduce(addValues);

function mean(values: readonly MetricValue[]): number | undefined {
  const [first] = values;
  if (first === undefined) return undefined;
  const sum = summed(values);
  if (typeof sum === 'object') return sum.mean;
  return Number(sum) / values.length;
}

const numbers = (values: readonly MetricValue[]): number[] => values.map(Number);

/** How `aligner` makes one value of a period's points. Throws INVALID_ARGUMENT, UNIMPLEMENTED. */
function alignerFor(aligner: string, series: Series): Aligner {
  const { metricKind, valueType } = series;
  const numeric = valueType === 'INT64' || valueType === 'DOUBLE';
  const counted = numeric || valueType === 'DISTRIBUTION';
  const total: Fold = (points, window) =>
    metricKind === 'CUMULATIVE' ? growth(points, window) : summed(inside(points, window));
  const require = (condition: boolean): void => {
    if (!condition) throw cannot(aligner, series);
  };
  const gauge = (fold: Fold, type: ValueType): Aligner => ({ fold, metricKind: 'GAUGE', valueType: type });
  const percent = /^ALIGN_PERCENTILE_(\d\d)$/.exec(aligner)?.[1];
  if (percent !== undefined) {
    require(metricKind !== 'CUMULATIVE' && valueType === 'DISTRIBUTION');
    return gauge((points, window) => {
      const all = summed(inside(points, window));
      return typeof all === 'object' ? percentile(all, Number(percent)) : undefined;
    }, 'DOUBLE');
  }
  switch (aligner) {
    case 'ALIGN_DELTA':
      require(metricKind !== 'GAUGE' && counted);
      return { fold: total, metricKind: 'DELTA', valueType };
    case 'ALIGN_RATE':
      require(metricKind !== 'GAUGE' && numeric);
      return gauge((points, window, periodMs) => {
        const gained = total(points, window, periodMs);
        return gained === undefined ? undefined : Number(gained) / (periodMs / 1000);
      }, 'DOUBLE');
    case 'ALIGN_SUM':
      require(metricKind !== 'CUMULATIVE' && counted);
      return { fold: total, metricKind, valueType };
    case 'ALIGN_MEAN':
      require(metricKind !== 'CUMULATIVE' && counted);
      return gauge((points, window) => mean(inside(points, window)), 'DOUBLE');
    case 'ALIGN_COUNT':
      require(metricKind !== 'CUMULATIVE');
      return gauge((points, window) => inside(points, window).length || undefined, 'INT64');
    case 'ALIGN_MAX':
    case 'ALIGN_MIN': {
      require(metricKind !== 'CUMULATIVE' && numeric);
      const pick = aligner === 'ALIGN_MAX' ? Math.max : Math.min;
      return gauge((points, window) => {
        const values = numbers(inside(points, window));
        return values.length === 0 ? undefined : pick(...values);
      }, valueType);
    }
    default:
      throw new ApiError(
        'UNIMPLEMENTED',
        `aggregation.per_series_aligner: ${aligner} is not part of the local cloud`,
      );
  }
}

/** A series with one point for each period that has something to tell. `series.points` may begin before the first period. */
export function align(series: Series, { aligner, periodMs, periods }: Alignment): Series {
  const { fold, metricKind, valueType } = alignerFor(aligner, series);
  const points = periods.flatMap((window): DataPoint[] => {
    const value = fold(series.points, window, periodMs);
    if (value === undefined) return [];
    return [{ startMs: metricKind === 'GAUGE' ? window.toMs : window.fromMs, endMs: window.toMs, value }];
  });
  return { ...series, metricKind, valueType, points };
}
