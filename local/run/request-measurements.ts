import type { MetricWriter } from '../core/links.ts';
import { entryHead } from './log-entries.ts';
import type { Exchange } from './request-entry.ts';

type Measurement = Parameters<MetricWriter['record']>[0];

/**
 * What Cloud Run counts of a request that is over; nothing of one that never reached a container. A WebSocket is one
 * request, counted at its end with the time that it lasted. `service` is the full name.
 * https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
 */
export function requestMeasurements(
  service: string,
  { revision, status, atInstanceMs }: Exchange,
): readonly Measurement[] {
  if (atInstanceMs === undefined) return [];
  const { resource } = entryHead(service, revision, 'run.googleapis.com/requests');
  const project = resource.labels.project_id ?? '';
  const labels = {
    response_code: String(status),
    response_code_class: `${Math.floor(status / 100)}xx`,
  };
  return [
    { project, resource, metric: { type: 'run.googleapis.com/request_count', labels }, value: 1 },
    {
      project,
      resource,
      metric: { type: 'run.googleapis.com/request_latencies', labels },
      value: atInstanceMs,
    },
  ];
}
