import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createGoogleApi } from '../../../functions/platform/google-api.ts';
import {
  measuredAfterMinutes,
  openMonitoring,
  reportedAfterSeconds,
  type Monitoring,
} from '../../../functions/platform/monitoring.ts';
import {
  builtInVisibleAfterSeconds,
  samplePeriodMs,
  userDefinedVisibleAfterSeconds,
} from '../../../local/monitoring/visibility.ts';
import { monitoringCloud, project, type MonitoringCloud } from '../../local/monitoring/monitoring-cloud.ts';

let cloud: MonitoringCloud;
let monitoring: Monitoring;
beforeEach(async () => {
  cloud = await monitoringCloud();
  monitoring = openMonitoring(
    createGoogleApi(cloud.cloud.context.origin, () => Promise.resolve()),
    'test-project',
    'europe-west1',
  );
});
afterEach(() => cloud.close());

const bounds = [10, 100];
interface Report {
  readonly at: number;
  readonly ok: number;
  readonly error?: number;
  readonly latency?: readonly number[];
  readonly revision?: string;
  readonly task?: string;
  readonly start?: number;
  readonly service?: string;
  readonly bounds?: readonly number[];
}

/** Reports as an instance does, at its time, in seconds since the clock's start. */
async function report(...reports: readonly Report[]): Promise<void> {
  for (const one of reports) {
    const { at, ok, error = 0, latency = [ok + error], revision = 'api-1', task = '1', start = 0 } = one;
    cloud.clock.advance(Math.max(0, at - cloud.seconds()) * 1000);
    const interval = { startTime: cloud.at(start), endTime: cloud.at(at) };
    const resource = {
      type: 'generic_task',
      labels: { location: 'europe-west1', namespace: one.service ?? 'api', job: revision, task_id: task },
    };
    const answers = (outcome: string, int64Value: number) => ({
      metric: { type: 'custom.googleapis.com/slipway/answers', labels: { outcome } },
      ...{ resource, metricKind: 'CUMULATIVE' as const, valueType: 'INT64' as const },
      points: [{ interval, value: { int64Value } }],
    });
    await cloud.client.createTimeSeries({
      name: project,
      timeSeries: [
        answers('ok', ok),
        answers('error', error),
        {
          metric: { type: 'custom.googleapis.com/slipway/latencies' },
          ...{ resource, metricKind: 'CUMULATIVE', valueType: 'DISTRIBUTION' },
          points: [
            {
              interval,
              value: {
                distributionValue: {
                  count: ok + error,
                  bucketOptions: { explicitBuckets: { bounds: [...(one.bounds ?? bounds)] } },
                  bucketCounts: [...latency],
                },
              },
            },
          ],
        },
      ],
    });
  }
}

/** Asked once it is complete. */
function reported(from: number, to: number): ReturnType<Monitoring['reported']> {
  cloud.clock.advance(Math.max(0, to + reportedAfterSeconds - cloud.seconds()) * 1000);
  return monitoring.reported('api', ...window(from, to));
}
const window = (from: number, to: number): [Date, Date] => [
  new Date(cloud.at(from).seconds * 1000),
  new Date(cloud.at(to).seconds * 1000),
];

test('the constants hold what the cloud needs at most', () => {
  expect(reportedAfterSeconds).toBeGreaterThanOrEqual(userDefinedVisibleAfterSeconds);
  expect(measuredAfterMinutes * 60).toBeGreaterThanOrEqual(
    samplePeriodMs / 1000 + builtInVisibleAfterSeconds,
  );
});

test('nothing has ever been reported: no revisions (trap 22: no data is not healthy)', async () => {
  expect(await reported(0, 60)).toEqual([]);
  expect(await monitoring.measured('api', ...window(0, 60))).toEqual([]);
});

test('counts are what came between the last reports before the one time and the other', async () => {
  await report(
    { at: 10, ok: 5, latency: [5] },
    { at: 20, ok: 9, error: 1, latency: [8, 2] },
    { at: 30, ok: 12, error: 1, latency: [8, 4, 1] },
  );
  expect(await reported(15, 25)).toEqual([
    { revision: 'api-1', total: 5, errors: 1, latency: [3, 2, 0], boundsMs: bounds },
  ]);
  expect(await reported(20, 30)).toMatchObject([{ total: 3, errors: 0, latency: [0, 2, 1] }]);
});

test('stretches that follow one another add up, and split no count', async () => {
  const reports = Array.from({ length: 12 }, (_, index) => ({
    at: 7 + index * 5,
    ok: index * 3,
    error: index,
    latency: [index * 4],
  }));
  await report(...reports);
  const cuts = [0, 13, 14, 29, 31, 47, 70];
  const parts = [];
  for (const [index, to] of cuts.slice(1).entries()) parts.push(...(await reported(cuts[index] ?? 0, to)));
  expect(parts.reduce((sum, { total }) => sum + total, 0)).toBe(44);
  expect(parts.reduce((sum, { errors }) => sum + errors, 0)).toBe(11);
  expect(parts.every(({ total, errors }) => Number.isInteger(total) && Number.isInteger(errors))).toBe(true);
});

test('instances of a revision add up; revisions are told apart; other services do not count', async () => {
  await report(
    { at: 10, ok: 5 },
    { at: 11, ok: 7, task: '2' },
    { at: 12, ok: 100, revision: 'api-2', task: '3' },
    { at: 13, ok: 1000, service: 'web', task: '4' },
  );
  expect(await reported(0, 60)).toMatchObject([
    { revision: 'api-1', total: 12 },
    { revision: 'api-2', total: 100 },
  ]);
});

test('an instance that starts within the stretch begins at zero, and so does a new start time', async () => {
  await report({ at: 20, ok: 4, start: 12 }, { at: 30, ok: 6, start: 12 }, { at: 40, ok: 3, start: 35 });
  expect(await reported(10, 60)).toMatchObject([{ total: 9 }]);
  expect(await reported(25, 60)).toMatchObject([{ total: 5 }]);
});

test('an instance that was silent for long is counted from its last report, however old', async () => {
  await report({ at: 10, ok: 50 }, { at: 600, ok: 53, latency: [50, 3] });
  expect(await reported(590, 610)).toMatchObject([{ total: 3, latency: [0, 3, 0] }]);
});

test('a revision that has not reported in the stretch is not there; one that reports zeros is', async () => {
  await report({ at: 10, ok: 5 }, { at: 40, ok: 0, revision: 'api-2', task: '2' });
  expect(await reported(20, 60)).toEqual([
    { revision: 'api-2', total: 0, errors: 0, latency: [0, 0, 0], boundsMs: bounds },
  ]);
});

test('instances that count latencies in different buckets are refused, not guessed', async () => {
  await report({ at: 10, ok: 5 }, { at: 11, ok: 5, task: '2', bounds: [1, 2, 3] });
  await expect(reported(0, 60)).rejects.toThrow(/buckets with other bounds/);
});

function answered(code: number, latencyMs: number, revision = 'api-1'): void {
  const labels = { response_code: String(code), response_code_class: `${Math.floor(code / 100)}xx` };
  const resource = {
    type: 'cloud_run_revision',
    labels: {
      project_id: 'test-project',
      location: 'europe-west1',
      service_name: 'api',
      configuration_name: 'api',
      revision_name: revision,
    },
  };
  for (const [type, value] of [
    ['request_count', 1],
    ['request_latencies', latencyMs],
  ] as const) {
    const metric = { type: `run.googleapis.com/${type}`, labels };
    cloud.metrics.record({ project: 'test-project', metric, resource, value });
  }
}

test("Cloud Monitoring's built-in metrics show minutes late: measured() is complete when it says so", async () => {
  answered(200, 5);
  answered(500, 50);
  answered(429, 1);
  answered(200, 5, 'api-2');
  cloud.clock.advance(60_000);
  answered(200, 5);
  expect(await monitoring.measured('api', ...window(0, 60))).toEqual([]);
  cloud.clock.advance(measuredAfterMinutes * 60_000 - 1);
  const [first, second] = await monitoring.measured('api', ...window(0, 60));
  expect(first).toMatchObject({ revision: 'api-1', total: 3, errors: 1 });
  expect(second).toMatchObject({ revision: 'api-2', total: 1, errors: 0 });
  expect(await monitoring.measured('api', ...window(0, 120))).toMatchObject([{ total: 4 }, { total: 1 }]);
  // 1, 1.4, 1.96, … ms
  expect(first?.boundsMs).toHaveLength(67);
  expect(first?.boundsMs[1]).toBeCloseTo(1.4, 9);
  expect(first?.latency).toHaveLength(68);
  const bucketOf = (ms: number): number => first?.boundsMs.findIndex((bound) => ms < bound) ?? -1;
  expect([1, 5, 50].map((ms) => first?.latency[bucketOf(ms)])).toEqual([1, 1, 1]);
});
