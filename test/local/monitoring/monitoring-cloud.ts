import { MetricServiceClient, type protos } from '@google-cloud/monitoring';
import { PassThroughClient } from 'google-auth-library';
import { createMonitoringRoom, type MonitoringRoom } from '../../../local/monitoring/monitoring-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { manualClock, type ManualClock } from '../../support/manual-clock.ts';

export type ITimeSeries = protos.google.monitoring.v3.ITimeSeries;
export type IAggregation = protos.google.monitoring.v3.IAggregation;

export const project = 'projects/test-project';

/** Cloud Monitoring alone, with the official client and a clock that only moves when a test says so. */
export interface MonitoringCloud {
  readonly cloud: TestCloud;
  readonly clock: ManualClock;
  readonly client: MetricServiceClient;
  readonly metrics: MonitoringRoom['metrics'];
  /** Seconds since the clock's start, now. */
  seconds(): number;
  /** A time by its distance from the clock's start. */
  at(seconds: number): { seconds: number; nanos: number };
  /** Lists what `filter` finds in (from, to], in seconds since the clock's start. */
  list(filter: string, from: number, to: number, aggregation?: IAggregation): Promise<ITimeSeries[]>;
  close(options?: { keepState?: boolean }): Promise<void>;
}

export async function monitoringCloud(
  options: { clock?: ManualClock; stateFolder?: string } = {},
): Promise<MonitoringCloud> {
  const clock = options.clock ?? manualClock();
  const startMs = Date.parse('2026-03-02T10:00:00Z');
  const cloud = await testCloud({ ...options, clock });
  const { room, metrics } = createMonitoringRoom(cloud.context);
  await cloud.serve([room]);
  const { hostname, port } = new URL(cloud.context.origin);
  const client = new MetricServiceClient({
    fallback: true,
    protocol: 'http',
    apiEndpoint: hostname,
    port: Number(port),
    authClient: new PassThroughClient(),
  });
  const at = (seconds: number): { seconds: number; nanos: number } => ({
    seconds: Math.floor(startMs / 1000 + seconds),
    nanos: Math.round((seconds % 1) * 1e9),
  });
  return {
    ...{ cloud, clock, client, metrics, at },
    seconds: () => (clock.now() - startMs) / 1000,
    async list(filter, from, to, aggregation) {
      const [series] = await client.listTimeSeries({
        name: project,
        filter,
        interval: { startTime: at(from), endTime: at(to) },
        ...(aggregation ? { aggregation } : {}),
      });
      return series;
    },
    async close(closing) {
      await client.close();
      await cloud.close(closing);
    },
  };
}

/** Values of the points of one series, newest first. */
export const valuesOf = (series: ITimeSeries | undefined): unknown[] =>
  (series?.points ?? []).map(({ value }) => {
    if (value?.distributionValue) return value.distributionValue.bucketCounts?.map(Number);
    const plain = value?.int64Value ?? value?.doubleValue ?? value?.stringValue ?? value?.boolValue;
    return value?.int64Value === undefined || value.int64Value === null ? plain : Number(plain);
  });
