import { ApiError } from '../core/api-error.ts';
import type { Clock } from '../core/clock.ts';
import { checkHead, checkTimeSeries } from './check-time-series.ts';
import type { MetricDescriptors } from './metric-descriptors.ts';
import type { TimeSeriesJson } from './resources.ts';
import { seriesId, type SeriesStore } from './series-store.ts';

/** https://cloud.google.com/monitoring/quotas */
const mostSeries = 200;

/** The answer when some points were refused; those that were not are stored all the same, as Google does. */
function partialFailure(total: number, problems: readonly string[]): ApiError {
  return new ApiError(
    'INVALID_ARGUMENT',
    `One or more TimeSeries could not be written: ${problems.join('; ')}`,
    {
      details: [
        {
          '@type': 'type.googleapis.com/google.monitoring.v3.CreateTimeSeriesSummary',
          totalPointCount: total,
          successPointCount: total - problems.length,
          // 3 is INVALID_ARGUMENT.
          errors: problems.map((message) => ({ status: { code: 3, message }, pointCount: 1 })),
        },
      ],
    },
  );
}

/** CreateTimeSeries: user-defined metrics, one point for each series. */
export function createTimeSeries(store: SeriesStore, descriptors: MetricDescriptors, clock: Clock) {
  return ({ name, timeSeries = [] }: { name: string; timeSeries?: readonly TimeSeriesJson[] }): object => {
    const project = name.split('/')[1] ?? '';
    if (timeSeries.length === 0)
      throw new ApiError('INVALID_ARGUMENT', 'Field timeSeries had an invalid value: it is empty');
    if (timeSeries.length > mostSeries)
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Field timeSeries had an invalid value: at most ${mostSeries} time series may be written at once`,
      );
    const seen = new Set<string>();
    const problems: string[] = [];
    for (const [index, series] of timeSeries.entries()) {
      const place = `timeSeries[${index}]`;
      const refuse = (message: string): void => {
        problems.push(message);
      };
      const checked = checkHead(project, series, place);
      if ('problem' in checked) {
        refuse(checked.problem);
        continue;
      }
      const id = seriesId(checked.head);
      if (seen.has(id)) {
        refuse(
          `Field ${place} had an invalid value: Duplicate TimeSeries encountered. Only one point can be written per TimeSeries per request.`,
        );
        continue;
      }
      seen.add(id);
      const { metric } = checked.head;
      const result = checkTimeSeries(
        checked.head,
        series,
        {
          nowMs: clock.now(),
          descriptor: descriptors.get(project, metric.type),
          last: store.last(checked.head),
        },
        place,
      );
      if ('problem' in result) {
        refuse(result.problem);
        continue;
      }
      const { head, point, unit } = result.write;
      descriptors.forWritten(project, {
        ...{ type: metric.type, metricKind: head.metricKind, valueType: head.valueType, unit },
        labels: Object.keys(metric.labels),
      });
      store.append(head, { ...point, receivedMs: clock.now() });
    }
    if (problems.length > 0) throw partialFailure(timeSeries.length, problems);
    return {};
  };
}
