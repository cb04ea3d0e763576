export type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';
/** What a value means: decides how it is shown. */
export type Contains = 'default' | 'time' | 'data';

export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly contains: Contains;
}

export type Tags = Readonly<Record<string, string>>;

/** Values that were measured together and have the same tags. Times are in milliseconds. */
export interface SampleGroup {
  readonly tags: Tags;
  readonly values: readonly (readonly [metric: string, value: number])[];
}

const define = (type: MetricType, contains: Contains, names: readonly string[]): MetricDefinition[] =>
  names.map((name) => ({ name, type, contains }));

/** The metrics of k6 that this runner measures. https://grafana.com/docs/k6/latest/using-k6/metrics/reference/ */
export const builtInMetrics: readonly MetricDefinition[] = [
  ...define('gauge', 'default', ['vus', 'vus_max']),
  ...define('counter', 'default', ['iterations', 'dropped_iterations', 'http_reqs']),
  ...define('counter', 'default', ['ws_sessions', 'ws_msgs_sent', 'ws_msgs_received']),
  ...define('counter', 'data', ['data_sent', 'data_received']),
  ...define('rate', 'default', ['checks', 'http_req_failed']),
  ...define('trend', 'time', ['iteration_duration', 'group_duration', 'http_req_duration']),
  ...define('trend', 'time', ['http_req_blocked', 'http_req_connecting', 'http_req_tls_handshaking']),
  ...define('trend', 'time', ['http_req_sending', 'http_req_waiting', 'http_req_receiving']),
  ...define('trend', 'time', ['ws_connecting', 'ws_session_duration', 'ws_ping']),
];
