import type { MetricServiceClient } from '@google-cloud/monitoring';
import type { GoogleApi } from './google-api.ts';
import { askAgain } from './retries.ts';
import {
  addReadings,
  growth,
  lacksBase,
  readTimeSeries,
  total,
  type ReadSeries,
  type Reading,
} from './time-series.ts';

/** What the instances of one revision have answered in a stretch of time. */
export interface RevisionAnswers {
  readonly revision: string;
  readonly total: number;
  /** Answers with 5xx; of `total`. */
  readonly errors: number;
  /** Counts per bucket, one more than there are bounds. Empty where no latencies are known. */
  readonly latency: readonly number[];
  /** Bounds between the buckets in milliseconds. */
  readonly boundsMs: readonly number[];
}

/**
 * Reports of a time can all be read this long after it: an instance may take 3 s to hand one in, and Cloud Monitoring
 * shows user-defined points 3 to 7 s later. https://cloud.google.com/monitoring/api/v3/latency-n-retention
 */
export const reportedAfterSeconds = 10;

/**
 * Cloud Run's metrics are complete this long after the time they are about: sampled each minute, shown up to 180 s
 * later, and up to a minute more by Cloud Monitoring's own figures.
 */
export const measuredAfterMinutes = 5;

/**
 * What revisions have answered, in whole counts: nothing is interpolated, and stretches that follow one another add up.
 * A revision of which nothing is known in the stretch is not in the result: that is no data, not health. Both throw
 * BucketsDifferError when instances of one revision do not count in the same buckets.
 */
export interface Monitoring {
  /**
   * What the instances themselves have reported in (from, to]; each does so every 5 s. Complete when `to` is at least
   * `reportedAfterSeconds` ago: what is asked for earlier may miss answers that no later stretch brings back.
   */
  reported(service: string, from: Date, to: Date): Promise<readonly RevisionAnswers[]>;
  /**
   * The same out of Cloud Run's own metrics, for the minutes that end in (from, to]; a WebSocket counts when it ends.
   * Complete when `to` is at least `measuredAfterMinutes` ago.
   */
  measured(service: string, from: Date, to: Date): Promise<readonly RevisionAnswers[]>;
}

/** How far before a stretch its first counts are looked for. Instances report more often than that. */
const lookBackMs = 60_000;

/** There is no such metric before anybody has written to it. 5 is NOT_FOUND of gRPC. */
const isNotFound = (error: unknown): boolean => [5, 404].includes(Number((error as { code?: unknown }).code));

const timestamp = (ms: number): { seconds: number; nanos: number } => ({
  seconds: Math.floor(ms / 1000),
  nanos: (ms % 1000) * 1_000_000,
});

interface Counted {
  readonly revision: string;
  readonly isError: boolean;
  readonly reading: Reading;
}

/** Adds up what the single series say, by revision. */
function byRevision(answers: readonly Counted[], latencies: readonly Counted[]): RevisionAnswers[] {
  const sum = (counted: readonly Counted[]): number =>
    counted.reduce((count, { reading }) => count + (reading.counts[0] ?? 0), 0);
  return [...new Set(answers.map(({ revision }) => revision))].sort().map((revision) => {
    const own = answers.filter((each) => each.revision === revision);
    let latency: Reading | undefined;
    for (const each of latencies)
      if (each.revision === revision) latency = addReadings(latency, each.reading);
    return {
      revision,
      total: sum(own),
      errors: sum(own.filter(({ isError }) => isError)),
      latency: latency?.counts ?? [],
      boundsMs: latency?.bounds ?? [],
    };
  });
}

export function openMonitoring(api: GoogleApi, project: string, region: string): Monitoring {
  let client: Promise<MetricServiceClient> | undefined;
  const connect = (): Promise<MetricServiceClient> =>
    (client ??= import('@google-cloud/monitoring').then(
      ({ MetricServiceClient: Client }) => new Client(api.clientOptions),
    ));

  const list = async (filter: string, fromMs: number, toMs: number): Promise<ReadSeries[]> => {
    try {
      const [series] = await (
        await connect()
      ).listTimeSeries(
        {
          name: `projects/${project}`,
          filter,
          interval: { startTime: timestamp(fromMs), endTime: timestamp(toMs) },
        },
        askAgain,
      );
      return readTimeSeries(series);
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  };

  /** Cumulative series with the last point before the stretch, however old that is. */
  const listCumulative = async (filter: string, fromMs: number, toMs: number): Promise<ReadSeries[]> => {
    const sinceMs = fromMs - lookBackMs;
    const recent = await list(filter, sinceMs, toMs);
    const lacking = recent.filter((series) => lacksBase(series, sinceMs, fromMs));
    if (lacking.length === 0) return recent;
    const earliestMs = Math.min(...lacking.map(({ points }) => points[0]?.startMs ?? sinceMs));
    const older = await list(filter, earliestMs, sinceMs);
    const key = ({ metricLabels, resourceLabels }: ReadSeries): string =>
      JSON.stringify([metricLabels.outcome, resourceLabels.task_id]);
    return recent.map((series) => {
      const before = older.find((each) => key(each) === key(series))?.points ?? [];
      return { ...series, points: [...before, ...series.points] };
    });
  };

  return {
    async reported(service, from, to) {
      const [fromMs, toMs] = [from.getTime(), to.getTime()];
      const read = async (metric: string): Promise<Counted[]> => {
        const filter = [
          `metric.type = "custom.googleapis.com/slipway/${metric}"`,
          'resource.type = "generic_task"',
          `resource.labels.location = ${JSON.stringify(region)}`,
          `resource.labels.namespace = ${JSON.stringify(service)}`,
        ].join(' AND ');
        return (await listCumulative(filter, fromMs, toMs)).flatMap((series) => {
          const reading = growth(series, fromMs, toMs);
          const revision = series.resourceLabels.job ?? '';
          return reading ? [{ revision, isError: series.metricLabels.outcome === 'error', reading }] : [];
        });
      };
      const [answers, latencies] = await Promise.all([read('answers'), read('latencies')]);
      return byRevision(answers, latencies);
    },

    async measured(service, from, to) {
      const [fromMs, toMs] = [from.getTime(), to.getTime()];
      const read = async (metric: string): Promise<Counted[]> => {
        const filter = [
          `metric.type = "run.googleapis.com/${metric}"`,
          'resource.type = "cloud_run_revision"',
          `resource.labels.location = ${JSON.stringify(region)}`,
          `resource.labels.service_name = ${JSON.stringify(service)}`,
        ].join(' AND ');
        return (await list(filter, fromMs, toMs)).flatMap((series) => {
          const reading = total(series, fromMs, toMs);
          const revision = series.resourceLabels.revision_name ?? '';
          const isError = series.metricLabels.response_code_class === '5xx';
          return reading ? [{ revision, isError, reading }] : [];
        });
      };
      const [answers, latencies] = await Promise.all([read('request_count'), read('request_latencies')]);
      return byRevision(answers, latencies);
    },
  };
}
