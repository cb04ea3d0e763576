import { ApiError } from '../core/api-error.ts';
import { addValues } from './align.ts';
import { percentile } from './distribution.ts';
import { readSelector } from './filter.ts';
import type { DataPoint, MetricValue, Series, ValueType } from './resources.ts';

interface Reducer {
  readonly valueType: ValueType;
  readonly fold: (values: readonly MetricValue[]) => MetricValue | undefined;
}

/** Of plain numbers: the one below which `percent` of them lie, between two in proportion. */
function percentileOf(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  return below + ((sorted[Math.ceil(place)] ?? below) - below) * (place - Math.floor(place));
}

function reducerFor(reducer: string, valueType: ValueType): Reducer {
  const numeric = valueType === 'INT64' || valueType === 'DOUBLE';
  const require = (condition: boolean): void => {
    if (!condition)
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Field aggregation.crossSeriesReducer had an invalid value: ${reducer} cannot be applied to values of type ${valueType}.`,
      );
  };
  const percent = /^REDUCE_PERCENTILE_(\d\d)$/.exec(reducer)?.[1];
  if (percent !== undefined) {
    require(numeric || valueType === 'DISTRIBUTION');
    return {
      valueType: 'DOUBLE',
      fold(values) {
        const sum = values.reduce(addValues);
        return typeof sum === 'object'
          ? percentile(sum, Number(percent))
          : percentileOf(values.map(Number), Number(percent));
      },
    };
  }
  switch (reducer) {
    case 'REDUCE_SUM':
      require(numeric || valueType === 'DISTRIBUTION');
      return { valueType, fold: (values) => values.reduce(addValues) };
    case 'REDUCE_MEAN':
      require(numeric || valueType === 'DISTRIBUTION');
      return {
        valueType: 'DOUBLE',
        fold(values) {
          const sum = values.reduce(addValues);
          return typeof sum === 'object' ? sum.mean : Number(sum) / values.length;
        },
      };
    case 'REDUCE_COUNT':
      return { valueType: 'INT64', fold: (values) => values.length };
    case 'REDUCE_MAX':
    case 'REDUCE_MIN': {
      require(numeric);
      const pick = reducer === 'REDUCE_MAX' ? Math.max : Math.min;
      return { valueType, fold: (values) => pick(...values.map(Number)) };
    }
    default:
      throw new ApiError(
        'UNIMPLEMENTED',
        `aggregation.cross_series_reducer: ${reducer} is not part of the local cloud`,
      );
  }
}

/** Only the labels that `fields` name are left; the project stays. */
function keptLabels(series: Series, fields: readonly string[]): Pick<Series, 'metric' | 'resource'> {
  const kept = (part: 'metric' | 'resource'): Record<string, string> =>
    Object.fromEntries(
      Object.entries(series[part].labels).filter(
        ([key]) =>
          (part === 'resource' && key === 'project_id') ||
          fields.includes(`${part}.labels.${key}`) ||
          fields.includes(`${part}.label.${key}`),
      ),
    );
  return {
    metric: { type: series.metric.type, labels: kept('metric') },
    resource: { type: series.resource.type, labels: kept('resource') },
  };
}

/** Aligned series put together, group by group. Throws INVALID_ARGUMENT, UNIMPLEMENTED. */
export function reduceSeries(
  series: readonly Series[],
  reducer: string,
  groupByFields: readonly string[],
): Series[] {
  const selectors = groupByFields.map((field) => readSelector(field));
  const groups = new Map<string, Series[]>();
  for (const each of series) {
    const key = JSON.stringify([
      each.project,
      each.resource.type,
      ...selectors.map((read) => read(each) ?? ''),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([id, members]) => {
      const [first] = members;
      if (!first) return [];
      const { valueType, fold } = reducerFor(reducer, first.valueType);
      const byEnd = new Map<number, DataPoint[]>();
      for (const point of members.flatMap(({ points }) => points))
        byEnd.set(point.endMs, [...(byEnd.get(point.endMs) ?? []), point]);
      const points = [...byEnd.values()].flatMap((together): DataPoint[] => {
        const [one] = together;
        const value = fold(together.map((point) => point.value));
        return one === undefined || value === undefined ? [] : [{ ...one, value }];
      });
      points.sort((a, b) => a.endMs - b.endMs);
      const sums = reducer === 'REDUCE_SUM' || reducer === 'REDUCE_NONE';
      return [
        {
          ...{ id, project: first.project, ...keptLabels(first, groupByFields) },
          metricKind: sums ? first.metricKind : 'GAUGE',
          valueType,
          points: sums ? points : points.map((point) => ({ ...point, startMs: point.endMs })),
        },
      ];
    });
}
