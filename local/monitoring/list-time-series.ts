import { ApiError } from '../core/api-error.ts';
import type { Clock } from '../core/clock.ts';
import { align, alignmentPeriods } from './align.ts';
import { parseFilter } from './filter.ts';
import { isUserDefined, type MetricDescriptors } from './metric-descriptors.ts';
import { encodePoint } from './point-json.ts';
import { reduceSeries } from './reduce.ts';
import type { Series, TimeSeriesJson } from './resources.ts';
import type { SeriesStore } from './series-store.ts';
import type { Visibility } from './visibility.ts';

interface Aggregation {
  alignmentPeriod?: string;
  perSeriesAligner?: string;
  crossSeriesReducer?: string;
  groupByFields?: string[];
}

export interface ListTimeSeriesRequest {
  name: string;
  filter?: string;
  interval?: { startTime?: string; endTime?: string };
  aggregation?: Aggregation;
  secondaryAggregation?: Aggregation;
  orderBy?: string;
  view?: 'FULL' | 'HEADERS';
  pageSize?: number;
  pageToken?: string;
}

const largestPage = 100_000;

const invalid = (field: string, problem: string): ApiError =>
  new ApiError('INVALID_ARGUMENT', `Field ${field} had an invalid value: ${problem}`);

function timeOf(text: string, field: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid(field, `${JSON.stringify(text)} is no time`);
  return time;
}

const isSet = (name: string | undefined, none: string): name is string => name !== undefined && name !== none;

/** The period of an aggregation, checked. Undefined when nothing is aggregated. */
function aligning({
  alignmentPeriod,
  perSeriesAligner,
  crossSeriesReducer,
}: Aggregation): { aligner: string; periodMs: number } | undefined {
  if (!isSet(perSeriesAligner, 'ALIGN_NONE')) {
    if (isSet(crossSeriesReducer, 'REDUCE_NONE'))
      throw invalid('aggregation.perSeriesAligner', 'a reducer needs an aligner other than ALIGN_NONE');
    return undefined;
  }
  const seconds = Number(/^(\d+(?:\.\d+)?)s$/.exec(alignmentPeriod ?? '')?.[1]);
  if (!(seconds >= 60)) throw invalid('aggregation.alignmentPeriod', 'it must be at least 60 seconds');
  return { aligner: perSeriesAligner, periodMs: seconds * 1000 };
}

interface Page {
  readonly timeSeries: readonly TimeSeriesJson[];
  readonly nextPageToken?: string;
}

interface Place {
  readonly id: string;
  readonly endMs: number;
}

function decodeToken(token: string | undefined): Place | undefined {
  if (token === undefined || token === '') return undefined;
  const [, end, id] = /^(-?\d+) (.*)$/s.exec(Buffer.from(token, 'base64url').toString('utf8')) ?? [];
  if (end === undefined || id === undefined) throw invalid('pageToken', `'${token}' is none`);
  return { endMs: Number(end), id };
}

const head = ({ metric, resource, metricKind, valueType }: Series): TimeSeriesJson => ({
  ...{ metric, resource, metricKind, valueType },
});

const tokenOf = ({ endMs, id }: Place): string => Buffer.from(`${endMs} ${id}`).toString('base64url');

/** A page of at most `size` points, newest first within each series; a series may go on in the next page. */
function pageOfPoints(all: readonly Series[], size: number, after: Place | undefined): Page {
  const rest = all.flatMap((series) => {
    if (after && series.id < after.id) return [];
    const left = series.points.filter(({ endMs }) => series.id !== after?.id || endMs < after.endMs);
    return left.length === 0 ? [] : [{ series, points: left.toReversed() }];
  });
  const timeSeries: TimeSeriesJson[] = [];
  let last: Place | undefined;
  let room = size;
  for (const { series, points } of rest) {
    if (room === 0) break;
    const page = points.slice(0, room);
    timeSeries.push({ ...head(series), points: page.map((point) => encodePoint(point, series.valueType)) });
    room -= page.length;
    last = { id: series.id, endMs: page.at(-1)?.endMs ?? 0 };
  }
  const count = rest.reduce((sum, { points }) => sum + points.length, 0);
  return { timeSeries, ...(last && count > size ? { nextPageToken: tokenOf(last) } : {}) };
}

function pageOfHeads(all: readonly Series[], size: number, after: Place | undefined): Page {
  const rest = all.filter(({ id, points }) => points.length > 0 && (!after || id > after.id));
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return {
    timeSeries: page.map(head),
    ...(last && rest.length > page.length ? { nextPageToken: tokenOf({ id: last.id, endMs: 0 }) } : {}),
  };
}

/** ListTimeSeries: points whose end lies in (start, end], as far as they can be seen yet. */
export function listTimeSeries(
  store: SeriesStore,
  descriptors: MetricDescriptors,
  clock: Clock,
  visibility: () => Visibility,
) {
  return (request: ListTimeSeriesRequest): object => {
    const { name, filter = '', interval, aggregation = {}, view = 'FULL', pageSize = 0 } = request;
    const [collection, project = ''] = name.split('/');
    if (collection !== 'projects')
      throw new ApiError('UNIMPLEMENTED', `${name}: the local cloud lists time series of projects only`);
    if (request.secondaryAggregation)
      throw new ApiError('UNIMPLEMENTED', 'secondary_aggregation is not part of the local cloud');
    if (request.orderBy !== undefined && request.orderBy !== '') throw invalid('orderBy', 'it must be empty');
    if (pageSize < 0) throw invalid('pageSize', 'it is negative');
    const { metricTypes, matches } = parseFilter(filter);
    const [metricType] = metricTypes;
    if (metricType === undefined || metricTypes.length > 1)
      throw invalid('filter', 'it must name one metric type: metric.type = "…"');
    const descriptor = descriptors.get(project, metricType);
    if (!descriptor)
      throw new ApiError(
        'NOT_FOUND',
        `Cannot find metric(s) that match type = "${metricType}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.`,
      );
    if (interval?.endTime === undefined) throw invalid('interval.endTime', 'it is required');
    const toMs = timeOf(interval.endTime, 'interval.endTime');
    const fromMs = interval.startTime === undefined ? toMs : timeOf(interval.startTime, 'interval.startTime');
    if (fromMs > toMs) throw invalid('interval', 'the start is after the end');

    const { metricKind, unit } = descriptor;
    const nowMs = clock.now();
    const { builtInSeconds, userDefinedSeconds } = visibility();
    const delayMs = 1000 * (isUserDefined(metricType) ? userDefinedSeconds : builtInSeconds);
    const aligned = aligning(aggregation);
    // Growth is counted from the last point before the interval; without a start the interval is its end alone.
    const sinceMs = aligned && metricKind === 'CUMULATIVE' ? -Infinity : fromMs === toMs ? toMs - 1 : fromMs;
    const raw = store
      .read((series) => series.project === project && matches(series), sinceMs, toMs)
      .map((series): Series => ({
        ...series,
        points: series.points.filter(({ receivedMs }) => receivedMs + delayMs <= nowMs),
      }));
    let all: readonly Series[] = raw;
    if (aligned) {
      const periods = alignmentPeriods({ fromMs, toMs }, aligned.periodMs);
      all = raw.map((series) => align(series, { ...aligned, periods }));
      if (isSet(aggregation.crossSeriesReducer, 'REDUCE_NONE'))
        all = reduceSeries(
          all.filter(({ points }) => points.length > 0),
          aggregation.crossSeriesReducer,
          aggregation.groupByFields ?? [],
        );
    }
    const size = pageSize === 0 ? largestPage : Math.min(pageSize, largestPage);
    const after = decodeToken(request.pageToken);
    return {
      ...(view === 'HEADERS' ? pageOfHeads(all, size, after) : pageOfPoints(all, size, after)),
      ...(unit === undefined ? {} : { unit }),
    };
  };
}
