import type { BucketOptions, MetricDescriptor } from './resources.ts';
import { builtInVisibleAfterSeconds, samplePeriodMs } from './visibility.ts';

/** The buckets in which Google's front ends count latencies, in ms: 1, 1.4, 1.96, … */
export const latencyBuckets: BucketOptions = {
  exponentialBuckets: { numFiniteBuckets: 66, growthFactor: 1.4, scale: 1 },
};

const responseLabels = [
  { key: 'response_code', description: 'Response code of a request.' },
  { key: 'response_code_class', description: 'Response code class of a request: "2xx" and so on.' },
];

const metadata = {
  launchStage: 'GA',
  samplePeriod: `${samplePeriodMs / 1000}s`,
  ingestDelay: `${builtInVisibleAfterSeconds}s`,
};

const cloudRun = { monitoredResourceTypes: ['cloud_run_revision'], metadata, launchStage: 'GA' };

/** The metrics that products of the local cloud report by themselves. https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run */
const builtIn: readonly Omit<MetricDescriptor, 'name'>[] = [
  {
    type: 'run.googleapis.com/request_count',
    labels: responseLabels,
    ...{ metricKind: 'DELTA', valueType: 'INT64', unit: '1' },
    displayName: 'Request Count',
    description: 'Number of requests that reached the revision, counted when they end.',
    ...cloudRun,
  },
  {
    type: 'run.googleapis.com/request_latencies',
    labels: responseLabels,
    ...{ metricKind: 'DELTA', valueType: 'DISTRIBUTION', unit: 'ms' },
    displayName: 'Request Latency',
    description:
      'Distribution of the times that requests took at the revision, without the start of a container.',
    ...cloudRun,
  },
];

export const builtInDescriptors = (project: string): MetricDescriptor[] =>
  builtIn.map((descriptor) => ({
    name: `projects/${project}/metricDescriptors/${descriptor.type}`,
    ...descriptor,
  }));
