import type { CloudContext } from '../core/context.ts';
import type { MetricWriter } from '../core/links.ts';
import { loadDescriptors, protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { createTimeSeries } from './create-time-series.ts';
import { listTimeSeries } from './list-time-series.ts';
import { createMetricDescriptors, metricDescriptorMethods } from './metric-descriptors.ts';
import { createMetricWriter } from './metric-writer.ts';
import { monitoredResourceMethods } from './monitored-resources.ts';
import type { MetricDescriptor } from './resources.ts';
import { openSeriesStore, type PointChunk, type SeriesRecord } from './series-store.ts';
import { documentedVisibility, visibilityRoutes, type Visibility } from './visibility.ts';

export interface MonitoringRoom {
  readonly room: Room;
  readonly metrics: MetricWriter;
}

const pruneEveryMs = 600_000;

/** Cloud Monitoring v3: metrics that users define, and those of Cloud Run; the last 25 hours are kept. */
export function createMonitoringRoom(context: CloudContext): MonitoringRoom {
  const { clock } = context;
  const store = openSeriesStore(
    context.table<SeriesRecord>('monitoring', 'series'),
    context.table<PointChunk>('monitoring', 'points'),
    clock,
  );
  const descriptors = createMetricDescriptors(context.table<MetricDescriptor>('monitoring', 'descriptors'));
  const state: { visibility: Visibility } = { visibility: documentedVisibility };
  let cancelPrune: (() => void) | undefined;
  const prune = (): void => {
    store.prune();
    cancelPrune = clock.after(pruneEveryMs, prune);
  };
  return {
    metrics: createMetricWriter(store, clock),
    room: {
      name: 'monitoring',
      routes: [
        ...visibilityRoutes(state),
        ...protoRoutes(loadDescriptors('@google-cloud/monitoring'), 'google.monitoring.v3.MetricService', {
          CreateTimeSeries: createTimeSeries(store, descriptors, clock),
          ListTimeSeries: listTimeSeries(store, descriptors, clock, () => state.visibility),
          ...metricDescriptorMethods(descriptors, (project, type) => {
            store.remove((series) => series.project === project && series.metric.type === type);
          }),
          ...monitoredResourceMethods,
        }),
      ],
      start: prune,
      stop() {
        cancelPrune?.();
        store.flush();
      },
    },
  };
}
