import type { Clock } from '../core/clock.ts';
import type { MetricWriter } from '../core/links.ts';
import { builtInDescriptors, latencyBuckets } from './built-in-metrics.ts';
import { emptyDistribution, observe } from './distribution.ts';
import type { SeriesStore } from './series-store.ts';
import { samplePeriodMs } from './visibility.ts';

/**
 * Counts what products report into one point for each minute. A point shows only some minutes after its end, so one
 * whose minute is not over yet is never seen.
 */
export function createMetricWriter(store: SeriesStore, clock: Clock): MetricWriter {
  return {
    record({ project, metric, resource, value }) {
      const descriptor = builtInDescriptors(project).find(({ type }) => type === metric.type);
      if (!descriptor)
        throw new Error(`${metric.type} is not declared in local/monitoring/built-in-metrics.ts`);
      const { metricKind, valueType } = descriptor;
      const startMs = Math.floor(clock.now() / samplePeriodMs) * samplePeriodMs;
      const endMs = startMs + samplePeriodMs;
      store.change(
        { project, metric, resource, metricKind, valueType },
        { startMs, endMs, receivedMs: endMs },
        (before) =>
          valueType === 'DISTRIBUTION'
            ? observe(typeof before === 'object' ? before : emptyDistribution(latencyBuckets), value)
            : Number(before ?? 0) + value,
      );
    },
  };
}
