import type { CloudContext } from '../core/context.ts';
import type { LogWatcher, MetricWriter } from '../core/links.ts';
import { loadDescriptors, protoRoutes } from '../core/proto-routes.ts';
import type { Room } from '../core/room.ts';
import { createAlertPolicies } from './alert-policies.ts';
import type { AlertPolicy } from './alert-policy.ts';
import { createAlerts, type KeptAlert } from './alerts.ts';
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

/** Where nothing is logged, nothing matches. */
const noLogs: LogWatcher = { watch: () => () => undefined };

/**
 * Cloud Monitoring v3: metrics that users define, and those of Cloud Run, of which the last 25 hours are kept; alert policies
 * about log entries, and their alerts.
 */
export function createMonitoringRoom(
  context: CloudContext,
  { logs }: { readonly logs: LogWatcher } = { logs: noLogs },
): MonitoringRoom {
  const { clock } = context;
  const alerts = createAlerts(context.table<KeptAlert>('monitoring', 'alerts'), clock, context.log);
  const policies = createAlertPolicies(
    context.table<AlertPolicy>('monitoring', 'alert-policies'),
    alerts,
    logs,
    clock,
  );
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
  const descriptorsOfApi = loadDescriptors('@google-cloud/monitoring');
  return {
    metrics: createMetricWriter(store, clock),
    room: {
      name: 'monitoring',
      routes: [
        ...visibilityRoutes(state),
        ...protoRoutes(descriptorsOfApi, 'google.monitoring.v3.MetricService', {
          CreateTimeSeries: createTimeSeries(store, descriptors, clock),
          ListTimeSeries: listTimeSeries(store, descriptors, clock, () => state.visibility),
          ...metricDescriptorMethods(descriptors, (project, type) => {
            store.remove((series) => series.project === project && series.metric.type === type);
          }),
          ...monitoredResourceMethods,
        }),
        ...protoRoutes(descriptorsOfApi, 'google.monitoring.v3.AlertPolicyService', policies.methods),
        ...alerts.routes,
      ],
      start() {
        prune();
        policies.start();
      },
      stop() {
        policies.stop();
        cancelPrune?.();
        store.flush();
      },
    },
  };
}
