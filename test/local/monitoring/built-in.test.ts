import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { monitoringCloud, valuesOf, type MonitoringCloud } from './monitoring-cloud.ts';

let monitoring: MonitoringCloud;
beforeEach(async () => {
  monitoring = await monitoringCloud();
});
afterEach(() => monitoring.close());

const resource = {
  type: 'cloud_run_revision',
  labels: {
    project_id: 'test-project',
    location: 'europe-west1',
    service_name: 'api',
    configuration_name: 'api',
    revision_name: 'api-1',
  },
};
function count(code = 200): void {
  const labels = { response_code: String(code), response_code_class: `${Math.floor(code / 100)}xx` };
  monitoring.metrics.record({
    project: 'test-project',
    metric: { type: 'run.googleapis.com/request_count', labels },
    resource,
    value: 1,
  });
}
function latency(ms: number): void {
  monitoring.metrics.record({
    project: 'test-project',
    metric: {
      type: 'run.googleapis.com/request_latencies',
      labels: { response_code: '200', response_code_class: '2xx' },
    },
    resource,
    value: ms,
  });
}
const counts = 'metric.type = "run.googleapis.com/request_count"';
const latencies = 'metric.type = "run.googleapis.com/request_latencies"';
const setVisibility = (body: object | undefined): Promise<Response> =>
  fetch(`${monitoring.cloud.context.origin}/local/monitoring/visibility`, {
    method: body ? 'PUT' : 'DELETE',
    ...(body ? { body: JSON.stringify(body) } : {}),
  });

test("Cloud Monitoring's built-in metrics show minutes late: sampled each 60 s, seen 180 s after that", async () => {
  monitoring.clock.advance(10_000);
  count();
  monitoring.clock.advance(30_000);
  count();
  monitoring.clock.advance(60_000);
  count();
  // 100 s. The first minute ended at 60 s and shows at 240 s; the second a minute later.
  monitoring.clock.advance(139_000);
  expect(await monitoring.list(counts, 0, 1000)).toEqual([]);
  monitoring.clock.advance(1000);
  const [series] = await monitoring.list(counts, 0, 1000);
  expect(valuesOf(series)).toEqual([2]);
  expect(series).toMatchObject({ metricKind: 'DELTA', valueType: 'INT64' });
  expect(series?.points?.[0]?.interval).toMatchObject({
    startTime: { seconds: String(monitoring.at(0).seconds) },
    endTime: { seconds: String(monitoring.at(60).seconds) },
  });
  monitoring.clock.advance(60_000);
  expect((await monitoring.list(counts, 0, 1000)).map(valuesOf)).toEqual([[1, 2]]);
});

test('how late they show can be set, for points that are there already, too', async () => {
  count();
  monitoring.clock.advance(60_000);
  expect(await monitoring.list(counts, 0, 1000)).toEqual([]);
  expect(await (await setVisibility({ builtInSeconds: 0 })).json()).toEqual({
    builtInSeconds: 0,
    userDefinedSeconds: 3,
  });
  expect((await monitoring.list(counts, 0, 1000)).map(valuesOf)).toEqual([[1]]);
  expect(await (await setVisibility(undefined)).json()).toEqual({
    builtInSeconds: 180,
    userDefinedSeconds: 3,
  });
  expect(await monitoring.list(counts, 0, 1000)).toEqual([]);
  expect((await setVisibility({ builtInSeconds: -1 })).status).toBe(400);
  expect((await setVisibility({ seconds: 1 })).status).toBe(400);
});

test('a minute without requests has no point, which is not the same as zero (trap 22: no data is not healthy)', async () => {
  await setVisibility({ builtInSeconds: 0 });
  count();
  monitoring.clock.advance(120_000);
  count(500);
  monitoring.clock.advance(60_000);
  const sums = await monitoring.list(counts, 0, 180, {
    alignmentPeriod: { seconds: 60 },
    perSeriesAligner: 'ALIGN_DELTA',
    crossSeriesReducer: 'REDUCE_SUM',
    groupByFields: ['metric.labels.response_code_class'],
  });
  const byClass = new Map(
    sums.map((series) => [series.metric?.labels?.response_code_class, series.points ?? []]),
  );
  expect(byClass.get('2xx')?.map(({ value }) => value?.int64Value)).toEqual(['1']);
  expect(byClass.get('5xx')?.map(({ value }) => value?.int64Value)).toEqual(['1']);
  expect(byClass.get('2xx')?.[0]?.interval?.endTime?.seconds).toBe(String(monitoring.at(60).seconds));
});

test('latencies are counted in exponential buckets, and percentiles come out of them', async () => {
  await setVisibility({ builtInSeconds: 0 });
  for (let index = 0; index < 99; index += 1) latency(10);
  latency(2000);
  monitoring.clock.advance(60_000);
  const [raw] = await monitoring.list(latencies, 0, 60);
  expect(raw?.points?.[0]?.value?.distributionValue).toMatchObject({
    count: '100',
    bucketOptions: { exponentialBuckets: { numFiniteBuckets: 66, growthFactor: 1.4, scale: 1 } },
  });
  const at = async (perSeriesAligner: 'ALIGN_PERCENTILE_50' | 'ALIGN_PERCENTILE_99' | 'ALIGN_MEAN') => {
    const found = await monitoring.list(latencies, 0, 60, {
      alignmentPeriod: { seconds: 60 },
      perSeriesAligner,
    });
    return Number(valuesOf(found[0])[0]);
  };
  // 10 ms lies between 1.4 ** 6 = 7.5 and 1.4 ** 7 = 10.5.
  expect(await at('ALIGN_PERCENTILE_50')).toBeGreaterThan(7.5);
  expect(await at('ALIGN_PERCENTILE_99')).toBeLessThanOrEqual(10.6);
  expect(await at('ALIGN_MEAN')).toBeCloseTo((99 * 10 + 2000) / 100, 6);
});

test.each([
  ['ALIGN_RATE', undefined, [3 / 60]],
  ['ALIGN_SUM', undefined, [3]],
  ['ALIGN_COUNT', undefined, [1]],
  ['ALIGN_MAX', undefined, [3]],
  ['ALIGN_MIN', 'REDUCE_MEAN', [3]],
  ['ALIGN_SUM', 'REDUCE_COUNT', [1]],
  ['ALIGN_SUM', 'REDUCE_MAX', [3]],
  ['ALIGN_SUM', 'REDUCE_PERCENTILE_95', [3]],
] as const)('%s with %s', async (perSeriesAligner, crossSeriesReducer, expected) => {
  await setVisibility({ builtInSeconds: 0 });
  for (let index = 0; index < 3; index += 1) count();
  monitoring.clock.advance(60_000);
  const found = await monitoring.list(counts, 0, 60, {
    alignmentPeriod: { seconds: 60 },
    perSeriesAligner,
    ...(crossSeriesReducer ? { crossSeriesReducer } : {}),
  });
  expect(found.map(valuesOf)).toEqual([expected]);
});

test('what was counted survives: at most the last second is written later', async () => {
  count();
  count();
  const { cloud, clock } = monitoring;
  clock.advance(1000);
  // Not stopped, as if it had been killed: what is on disk has to do.
  const second = await monitoringCloud({ clock, stateFolder: cloud.stateFolder });
  try {
    clock.advance(240_000);
    expect((await second.list(counts, 0, 1000)).map(valuesOf)).toEqual([[2]]);
  } finally {
    await second.close({ keepState: true });
  }
});

test('a metric that is not declared is a mistake of the room that reports it', () => {
  const metric = { type: 'run.googleapis.com/other', labels: {} };
  expect(() => {
    monitoring.metrics.record({ project: 'p', metric, resource, value: 1 });
  }).toThrow(/is not declared/);
});
