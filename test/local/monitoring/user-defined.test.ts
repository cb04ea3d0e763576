import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  monitoringCloud,
  project,
  valuesOf,
  type ITimeSeries,
  type MonitoringCloud,
} from './monitoring-cloud.ts';

let monitoring: MonitoringCloud;
beforeEach(async () => {
  monitoring = await monitoringCloud();
});
afterEach(() => monitoring.close());

const type = 'custom.googleapis.com/slipway/answers';
const task = (id = '1'): NonNullable<ITimeSeries['resource']> => ({
  type: 'generic_task',
  labels: {
    project_id: 'test-project',
    location: 'europe-west1',
    namespace: 'api',
    job: 'api-1',
    task_id: id,
  },
});
interface Point {
  readonly start: number;
  readonly end: number;
  readonly value: number;
}
const cumulative = ({ start, end, value }: Point, change: ITimeSeries = {}): ITimeSeries => ({
  metric: { type, labels: { outcome: 'ok' } },
  resource: task(),
  metricKind: 'CUMULATIVE',
  valueType: 'INT64',
  points: [
    {
      interval: { startTime: monitoring.at(start), endTime: monitoring.at(end) },
      value: { int64Value: value },
    },
  ],
  ...change,
});
const write = (...timeSeries: ITimeSeries[]): Promise<unknown> =>
  monitoring.client.createTimeSeries({ name: project, timeSeries });
/** Writes one point each ten seconds, then waits until all can be seen. */
async function writeAll(points: readonly Point[], change: ITimeSeries = {}): Promise<void> {
  for (const point of points) {
    monitoring.clock.advance(Math.max(0, point.end - monitoring.seconds()) * 1000);
    await write(cumulative(point, change));
  }
  monitoring.clock.advance(3000);
}

const filter = `metric.type = "${type}" AND resource.type = "generic_task"`;

test('a written point can be read three seconds later, and its descriptor has been made', async () => {
  monitoring.clock.advance(10_000);
  await write(cumulative({ start: 0, end: 10, value: 7 }));
  expect(await monitoring.list(filter, 0, 100)).toEqual([]);
  monitoring.clock.advance(2999);
  expect(await monitoring.list(filter, 0, 100)).toEqual([]);
  monitoring.clock.advance(1);
  const [series] = await monitoring.list(filter, 0, 100);
  expect(valuesOf(series)).toEqual([7]);
  expect(series?.resource?.labels).toMatchObject({ namespace: 'api', task_id: '1' });
  const [descriptor] = await monitoring.client.getMetricDescriptor({
    name: `${project}/metricDescriptors/${type}`,
  });
  expect(descriptor).toMatchObject({ type, metricKind: 'CUMULATIVE', valueType: 'INT64' });
  expect(descriptor.labels?.map(({ key }) => key)).toEqual(['outcome']);
});

test('a label that the descriptor has not got is added to it', async () => {
  monitoring.clock.advance(20_000);
  await write(cumulative({ start: 0, end: 10, value: 7 }));
  await write(
    cumulative({ start: 0, end: 20, value: 7 }, { metric: { type, labels: { outcome: 'ok', more: 'x' } } }),
  );
  const [descriptor] = await monitoring.client.getMetricDescriptor({
    name: `${project}/metricDescriptors/${type}`,
  });
  expect(descriptor.labels?.map(({ key }) => key)).toEqual(['outcome', 'more']);
});

describe('a write is refused', () => {
  const hour = 3600;
  test.each<{ name: string; before?: Point[]; series: () => ITimeSeries[]; message: RegExp }>([
    {
      name: 'for a metric of Google’s',
      series: () => [
        cumulative({ start: 0, end: 100, value: 1 }, { metric: { type: 'run.googleapis.com/x' } }),
      ],
      message: /must begin with custom\.googleapis\.com/,
    },
    {
      name: 'for a name with other characters',
      series: () => [cumulative({ start: 0, end: 100, value: 1 }, { metric: { type: `${type}-x` } })],
      message: /only letters, digits, underscores/,
    },
    {
      name: 'for a resource that is Google’s to write to',
      series: () => [
        cumulative({ start: 0, end: 100, value: 1 }, { resource: { type: 'cloud_run_revision' } }),
      ],
      message: /"cloud_run_revision" cannot be written to/,
    },
    {
      name: 'for a resource without one of its labels',
      series: () => [
        cumulative(
          { start: 0, end: 100, value: 1 },
          { resource: { type: 'generic_task', labels: { job: 'x' } } },
        ),
      ],
      message: /"location" is missing/,
    },
    {
      name: 'for two points in a series',
      series: () => {
        const series = cumulative({ start: 0, end: 100, value: 1 });
        return [{ ...series, points: [...(series.points ?? []), ...(series.points ?? [])] }];
      },
      message: /exactly one point/,
    },
    {
      name: 'for a series that comes twice in a call',
      series: () => [
        cumulative({ start: 0, end: 90, value: 1 }),
        cumulative({ start: 0, end: 100, value: 1 }),
      ],
      message: /Only one point can be written per TimeSeries per request/,
    },
    {
      name: 'for a point less than five seconds after the one before',
      before: [{ start: 0, end: 10, value: 1 }],
      series: () => [cumulative({ start: 0, end: 14.9, value: 1 })],
      message: /more frequently than the maximum sampling period/,
    },
    {
      name: 'for a point before the last',
      before: [{ start: 0, end: 50, value: 1 }],
      series: () => [cumulative({ start: 0, end: 40, value: 1 })],
      message: /must be written in order/,
    },
    {
      name: 'for a point older than 25 hours',
      series: () => [cumulative({ start: -26 * hour, end: -25.1 * hour, value: 1 })],
      message: /more than 25 hours in the past/,
    },
    {
      name: 'for a point in the future',
      series: () => [cumulative({ start: 0, end: 100 + 301, value: 1 })],
      message: /more than 5 minutes in the future/,
    },
    {
      name: 'for another kind than the descriptor’s',
      before: [{ start: 0, end: 10, value: 1 }],
      series: () => [cumulative({ start: 100, end: 100, value: 1 }, { metricKind: 'GAUGE' })],
      message: /GAUGE, but the metric is CUMULATIVE/,
    },
    {
      name: 'for another type of value than the descriptor’s',
      before: [{ start: 0, end: 10, value: 1 }],
      series: () => [
        cumulative(
          { start: 0, end: 100, value: 1 },
          {
            valueType: 'DOUBLE',
            points: [
              {
                interval: { startTime: monitoring.at(0), endTime: monitoring.at(100) },
                value: { doubleValue: 1 },
              },
            ],
          },
        ),
      ],
      message: /DOUBLE, but the metric is INT64/,
    },
    {
      name: 'for a DELTA',
      series: () => [cumulative({ start: 0, end: 100, value: 1 }, { metricKind: 'DELTA' })],
      message: /DELTA is not for user-defined metrics/,
    },
    {
      name: 'for a start that is neither the old one nor after the last point',
      before: [{ start: 0, end: 50, value: 1 }],
      series: () => [cumulative({ start: 20, end: 100, value: 1 })],
      message: /neither the one of the point before nor at or after its end/,
    },
    {
      name: 'for a cumulative interval without length',
      series: () => [cumulative({ start: 100, end: 100, value: 1 })],
      message: /the start must be before the end/,
    },
  ])('$name', async ({ before = [], series, message }) => {
    await writeAll(before);
    monitoring.clock.advance(Math.max(0, 100 - monitoring.seconds()) * 1000);
    await expect(write(...series())).rejects.toThrow(message);
  });
});

test('what is right in a call is stored, also when something else in it is refused', async () => {
  monitoring.clock.advance(10_000);
  const wrong = cumulative({ start: 0, end: 10, value: 1 }, { metric: { type: 'x' } });
  await expect(write(wrong, cumulative({ start: 0, end: 10, value: 3 }))).rejects.toThrow(/timeSeries\[0\]/);
  monitoring.clock.advance(3000);
  expect((await monitoring.list(filter, 0, 100)).map(valuesOf)).toEqual([[3]]);
});

describe('reading', () => {
  const points = [10, 20, 30, 40, 50, 60].map((end) => ({ start: 0, end, value: end / 10 }));

  test('the interval leaves out its start and holds its end; the newest point comes first', async () => {
    await writeAll(points);
    expect((await monitoring.list(filter, 20, 50)).map(valuesOf)).toEqual([[5, 4, 3]]);
  });

  test('pages hold as many points as asked for, and lose none', async () => {
    await writeAll(points);
    await writeAll([{ start: 65, end: 70, value: 9 }], { resource: task('2') });
    const seen: unknown[] = [];
    let pageToken = '';
    const sizes: number[] = [];
    do {
      const [series, , answer] = await monitoring.client.listTimeSeries(
        {
          name: project,
          filter,
          interval: { startTime: monitoring.at(0), endTime: monitoring.at(100) },
          pageSize: 4,
          ...(pageToken === '' ? {} : { pageToken }),
        },
        { autoPaginate: false },
      );
      const values = series.flatMap(valuesOf);
      sizes.push(values.length);
      seen.push(...values);
      pageToken = answer.nextPageToken ?? '';
    } while (pageToken !== '');
    expect(sizes).toEqual([4, 3]);
    expect(seen.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 9]);
  });

  test('HEADERS leaves the points out', async () => {
    await writeAll(points);
    const [series] = await monitoring.client.listTimeSeries({
      name: project,
      filter,
      interval: { startTime: monitoring.at(0), endTime: monitoring.at(100) },
      view: 'HEADERS',
    });
    expect(series).toHaveLength(1);
    expect(series[0]?.points).toEqual([]);
  });

  test.each([
    ['resource.labels.task_id = "1"', 1],
    ['resource.labels.task_id != "1"', 1],
    ['resource.label.task_id = starts_with("x")', 0],
    ['metric.labels.outcome = one_of("error", "ok")', 2],
    ['metric.labels."outcome" = has_substring("k")', 2],
    ['(resource.labels.task_id = "1" OR resource.labels.task_id = "2")', 2],
    ['NOT resource.labels.task_id = "1"', 1],
    ['resource.labels.job = ends_with("-1") project = "test-project"', 2],
  ])('the filter %s finds %i', async (more, count) => {
    await writeAll([{ start: 0, end: 10, value: 1 }]);
    await writeAll([{ start: 0, end: 20, value: 1 }], { resource: task('2') });
    expect(await monitoring.list(`metric.type = "${type}" ${more}`, 0, 100)).toHaveLength(count);
  });

  test.each([
    ['resource.type = "generic_task"', /must name one metric type/],
    [`metric.type = "${type}" AND`, /ends too early/],
    [`metric.type = "${type}" AND color = "red"`, /unknown selector "color"/],
    [
      `metric.type = "${type}" AND project = "a" OR project = "b"`,
      /AND beside OR without brackets is not part of the local cloud/,
    ],
    [
      `metric.type = "${type}" AND metric.labels.x = monitoring.regex.full_match("a")`,
      /the function monitoring.regex.full_match is not part/,
    ],
    ['metric.type = "custom.googleapis.com/never"', /Cannot find metric\(s\) that match type/],
  ])('the filter %s is refused', async (wrong, message) => {
    await writeAll([{ start: 0, end: 10, value: 1 }]);
    await expect(monitoring.list(wrong, 0, 100)).rejects.toThrow(message);
  });

  test('growth of a cumulative metric is whole, also over a new start', async () => {
    await writeAll([
      { start: 0, end: 50, value: 5 },
      { start: 0, end: 70, value: 9 },
      { start: 80, end: 90, value: 3 },
      { start: 80, end: 110, value: 4 },
    ]);
    const aligned = await monitoring.list(filter, 60, 120, {
      alignmentPeriod: { seconds: 60 },
      perSeriesAligner: 'ALIGN_DELTA',
    });
    // 9 - 5 until the restart, then 4 from zero.
    expect(aligned.map(valuesOf)).toEqual([[8]]);
    expect(aligned[0]?.metricKind).toBe('DELTA');
  });

  test('series are put together by the labels asked for', async () => {
    await writeAll([{ start: 0, end: 50, value: 5 }]);
    await writeAll([{ start: 0, end: 59, value: 2 }], { resource: task('2') });
    const aggregation = {
      alignmentPeriod: { seconds: 60 },
      perSeriesAligner: 'ALIGN_DELTA',
      crossSeriesReducer: 'REDUCE_SUM',
    } as const;
    const [sum, ...others] = await monitoring.list(filter, 0, 60, {
      ...aggregation,
      groupByFields: ['metric.labels.outcome'],
    });
    expect([valuesOf(sum), sum?.metric?.labels, others]).toEqual([[7], { outcome: 'ok' }, []]);
    const each = await monitoring.list(filter, 0, 60, {
      ...aggregation,
      groupByFields: ['resource.labels.task_id'],
    });
    expect(each.map(valuesOf)).toEqual([[5], [2]]);
  });

  test.each([
    [
      { perSeriesAligner: 'ALIGN_PERCENTILE_95' as const },
      /cannot be applied to metrics with kind CUMULATIVE/,
    ],
    [{ perSeriesAligner: 'ALIGN_STDDEV' as const }, /ALIGN_STDDEV is not part of the local cloud/],
    [{ crossSeriesReducer: 'REDUCE_SUM' as const }, /needs an aligner/],
    [
      { perSeriesAligner: 'ALIGN_DELTA' as const, crossSeriesReducer: 'REDUCE_STDDEV' as const },
      /REDUCE_STDDEV is not part of the local cloud/,
    ],
  ])('the aggregation %j is refused', async (aggregation, message) => {
    await writeAll([{ start: 0, end: 10, value: 1 }]);
    await expect(
      monitoring.list(filter, 0, 60, { alignmentPeriod: { seconds: 60 }, ...aggregation }),
    ).rejects.toThrow(message);
  });
});

test('points and descriptors survive a restart; after 25 hours the points are gone', async () => {
  await writeAll([{ start: 0, end: 10, value: 7 }]);
  const { cloud, clock } = monitoring;
  await monitoring.close({ keepState: true });
  monitoring = await monitoringCloud({ clock, stateFolder: cloud.stateFolder });
  expect((await monitoring.list(filter, 0, 100)).map(valuesOf)).toEqual([[7]]);
  clock.advance(26 * 3_600_000);
  expect(await monitoring.list(filter, 0, 100)).toEqual([]);
});

test('deleting a descriptor deletes its series', async () => {
  await writeAll([{ start: 0, end: 10, value: 7 }]);
  await monitoring.client.deleteMetricDescriptor({ name: `${project}/metricDescriptors/${type}` });
  await expect(monitoring.list(filter, 0, 100)).rejects.toThrow(/Cannot find metric/);
  await writeAll([{ start: 0, end: 20, value: 1 }]);
  expect((await monitoring.list(filter, 0, 100)).map(valuesOf)).toEqual([[1]]);
});

test('a made descriptor is kept as it was given, and cannot change its kind', async () => {
  const metricDescriptor = { type, metricKind: 'CUMULATIVE', valueType: 'INT64', unit: '1' } as const;
  await monitoring.client.createMetricDescriptor({ name: project, metricDescriptor });
  const [listed] = await monitoring.client.listMetricDescriptors({
    name: project,
    filter: 'metric.type = starts_with("custom.googleapis.com/")',
  });
  expect(listed).toEqual([expect.objectContaining(metricDescriptor)]);
  await expect(
    monitoring.client.createMetricDescriptor({
      name: project,
      metricDescriptor: { ...metricDescriptor, metricKind: 'GAUGE' },
    }),
  ).rejects.toThrow(/cannot be changed/);
});

test('the monitored resources that are known can be listed; others are not found', async () => {
  const [all] = await monitoring.client.listMonitoredResourceDescriptors({ name: project });
  expect(all.map((each) => each.type)).toEqual([
    'cloud_run_revision',
    'generic_node',
    'generic_task',
    'global',
  ]);
  await expect(
    monitoring.client.getMonitoredResourceDescriptor({
      name: `${project}/monitoredResourceDescriptors/gce_instance`,
    }),
  ).rejects.toThrow(/no monitored resource type 'gce_instance'/);
});

test('a method that is not there says so', async () => {
  await expect(monitoring.client.createServiceTimeSeries({ name: project, timeSeries: [] })).rejects.toThrow(
    /CreateServiceTimeSeries is not part of the local cloud/,
  );
});
