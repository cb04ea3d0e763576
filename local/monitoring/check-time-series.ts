import { kindProblem, labelProblem, metricTypeProblem } from './metric-descriptors.ts';
import { resourceType, writableResourceTypes } from './monitored-resources.ts';
import { decodeValue, valueTypeOf } from './point-json.ts';
import type { DataPoint, MetricDescriptor, SeriesHead, TimeSeriesJson } from './resources.ts';
import { retentionMs, type SeriesKey } from './series-store.ts';

/** A series takes one point in this time. https://cloud.google.com/monitoring/quotas#custom_metrics_quotas */
export const leastDistanceMs = 5000;

/** Clocks differ: a point may be this far ahead. https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TimeInterval */
const mostAheadMs = 5 * 60_000;

export interface WriteState {
  readonly nowMs: number;
  readonly descriptor: MetricDescriptor | undefined;
  /** The newest point of the series. */
  readonly last: DataPoint | undefined;
}

export interface Write {
  readonly head: SeriesHead;
  readonly point: DataPoint;
  readonly unit: string | undefined;
}

interface Refused {
  readonly problem: string;
}

type Checked = { readonly write: Write } | Refused;

const bad = (field: string, problem: string): Refused => ({
  problem: `Field ${field} had an invalid value: ${problem}`,
});

const timeOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
};

/** The head of a written series, or what is wrong with it; `place` names it in problems. */
export function checkHead(
  project: string,
  series: TimeSeriesJson,
  place: string,
): { readonly head: SeriesKey } | Refused {
  const { metric = {}, resource = {} } = series;
  const type = metric.type ?? '';
  const typeProblem = metricTypeProblem(type);
  if (typeProblem !== undefined)
    return bad(`${place}.metric.type`, `"${type}" cannot be written: it ${typeProblem}`);
  const labels = metric.labels ?? {};
  const labelsProblem = labelProblem(Object.keys(labels).map((key) => ({ key })));
  if (labelsProblem !== undefined)
    return { problem: `Field ${place}.metric.labels had an invalid value: ${labelsProblem}` };
  const kind = resourceType(resource.type ?? '');
  if (!kind?.userDefined)
    return {
      problem: `Field ${place}.resource.type had an invalid value: "${resource.type ?? ''}" cannot be written to; the local cloud takes ${writableResourceTypes.join(', ')}`,
    };
  const given: Record<string, string> = {
    ...resource.labels,
    project_id: resource.labels?.project_id ?? project,
  };
  const unknown = Object.keys(given).find((key) => !kind.labels.includes(key));
  const missing = kind.labels.find((key) => (given[key] ?? '') === '');
  if (unknown !== undefined || missing !== undefined)
    return {
      problem: `Field ${place}.resource.labels had an invalid value: ${unknown === undefined ? `"${missing ?? ''}" is missing` : `"${unknown}" is no label of ${kind.type}`}`,
    };
  if (given.project_id !== project)
    return { problem: `Field ${place}.resource.labels had an invalid value: project_id is not ${project}` };
  return { head: { project, metric: { type, labels }, resource: { type: kind.type, labels: given } } };
}

/** What is to be stored of one written series, or why it is refused. https://cloud.google.com/monitoring/custom-metrics/creating-metrics#write-ts */
export function checkTimeSeries(
  known: SeriesKey,
  series: TimeSeriesJson,
  { nowMs, descriptor, last }: WriteState,
  place: string,
): Checked {
  const points = series.points ?? [];
  const [point] = points;
  if (points.length !== 1 || !point)
    return bad(`${place}.points`, `exactly one point is written to a series at a time, not ${points.length}`);
  const valueType = valueTypeOf(point.value);
  const decoded = decodeValue(point.value);
  if (valueType === undefined || 'problem' in decoded)
    return bad(`${place}.points[0]`, 'problem' in decoded ? decoded.problem : 'no value');
  if (
    series.valueType !== undefined &&
    series.valueType !== 'VALUE_TYPE_UNSPECIFIED' &&
    series.valueType !== valueType
  )
    return bad(`${place}.value_type`, `${series.valueType}, but the point holds ${valueType}`);
  const given = series.metricKind === 'METRIC_KIND_UNSPECIFIED' ? undefined : series.metricKind;
  const metricKind = given ?? descriptor?.metricKind ?? 'GAUGE';
  const problem = kindProblem(metricKind, valueType);
  if (problem !== undefined) return bad(place, problem);
  if (descriptor && descriptor.metricKind !== metricKind)
    return bad(`${place}.metric_kind`, `${metricKind}, but the metric is ${descriptor.metricKind}`);
  if (descriptor && descriptor.valueType !== valueType)
    return bad(`${place}.value_type`, `${valueType}, but the metric is ${descriptor.valueType}`);

  const interval = `${place}.points[0].interval`;
  const endMs = timeOf(point.interval?.endTime);
  if (endMs === undefined) return bad(`${interval}.end_time`, 'a time is required');
  const startMs = timeOf(point.interval?.startTime) ?? (metricKind === 'GAUGE' ? endMs : undefined);
  if (startMs === undefined) return bad(`${interval}.start_time`, `it is required for ${metricKind} metrics`);
  if (metricKind === 'GAUGE' && startMs !== endMs)
    return bad(interval, 'start and end of a GAUGE must be the same time');
  if (metricKind !== 'GAUGE' && startMs >= endMs) return bad(interval, 'the start must be before the end');
  if (endMs > nowMs + mostAheadMs)
    return bad(`${interval}.end_time`, 'it is more than 5 minutes in the future');
  if (endMs < nowMs - retentionMs) return bad(`${interval}.end_time`, 'it is more than 25 hours in the past');
  if (last && endMs <= last.endMs)
    return {
      problem: `${place}: Points must be written in order. One or more of the points specified had an older end time than the most recent point.`,
    };
  if (last && endMs - last.endMs < leastDistanceMs)
    return {
      problem: `${place}: One or more points were written more frequently than the maximum sampling period configured for the metric.`,
    };
  if (last && metricKind === 'CUMULATIVE' && startMs !== last.startMs && startMs < last.endMs)
    return bad(`${interval}.start_time`, 'it is neither the one of the point before nor at or after its end');
  return {
    write: {
      head: { ...known, metricKind, valueType },
      point: { startMs, endMs, value: decoded.value },
      unit: series.unit,
    },
  };
}
