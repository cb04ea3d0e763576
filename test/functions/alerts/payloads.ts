import type { CloudEvent } from '@google-cloud/functions-framework';

/** What a test says otherwise of an incident. */
export type Part = Readonly<Record<string, unknown>>;

export const startedAt = '2026-01-05T12:00:00.000Z';

/** An open incident as Cloud Monitoring sends it in version 1.2, with every field that was seen in one. */
export function incidentPayload(part: Part = {}, labels: Readonly<Record<string, string>> = {}): object {
  return {
    incident: {
      condition: {
        conditionThreshold: {
          aggregations: [{ alignmentPeriod: '60s', perSeriesAligner: 'ALIGN_RATE' }],
          comparison: 'COMPARISON_GT',
          duration: '60s',
          filter:
            'resource.type = "cloud_run_revision" AND metric.type = "run.googleapis.com/request_count" AND metric.labels.response_code_class = "5xx"',
          thresholdValue: 1,
          trigger: { count: 1 },
        },
        displayName: 'Server errors',
        name: 'projects/p/alertPolicies/1204/conditions/7731',
      },
      condition_name: 'Server errors',
      documentation: { content: '', mime_type: '', subject: '[ALERT - Error] Server errors' },
      ended_at: null,
      incident_id: '0.nabc1d2e3f4g',
      metadata: { system_labels: {}, user_labels: {} },
      metric: {
        displayName: 'Request Count',
        labels: { response_code_class: '5xx' },
        type: 'run.googleapis.com/request_count',
      },
      observed_value: '3.200',
      policy_name: 'API answers with errors',
      resource: {
        labels: { location: 'europe-west1', project_id: 'p', service_name: 'api', ...labels },
        type: 'cloud_run_revision',
      },
      resource_display_name: 'api',
      resource_id: '',
      resource_name: 'p api',
      resource_type_display_name: 'Cloud Run Revision',
      scoping_project_id: 'p',
      scoping_project_number: 123456789012,
      severity: 'Error',
      started_at: Date.parse(startedAt) / 1000,
      state: 'open',
      summary: 'Request Count for p api is above the threshold of 1.000 with a value of 3.200.',
      threshold_value: '1',
      url: 'https://console.cloud.google.com/monitoring/alerting/alerts/0.nabc1d2e3f4g?channelType=cloud-pubsub&project=p',
      ...part,
    },
    version: '1.2',
  };
}

/** What Cloud Monitoring sends when somebody tries the channel out. */
export const channelTest = {
  version: 'test',
  incident: {
    incident_id: '12345',
    scoping_project_id: '12345',
    scoping_project_number: 12345,
    url: 'http://www.example.com',
    apigee_url: 'http://www.example.com',
    started_at: 0,
    ended_at: 0,
    state: 'OPEN',
    summary: 'Test Incident',
    observed_value: '1.0',
    resource: { type: 'example_resource', labels: { example: 'label' } },
    resource_type_display_name: 'Example Resource Type',
    documentation: 'Test documentation',
    policy_name: 'Test policy',
    policy_user_labels: { example: 'label' },
    condition_name: 'Test condition',
  },
};

let published = 0;

/** The event that a function gets for a message on the topic. */
export function alertEvent(payload: unknown): CloudEvent<unknown> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const messageId = String((published += 1));
  return {
    specversion: '1.0',
    id: messageId,
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: '//pubsub.googleapis.com/projects/p/topics/monitoring-alerts',
    data: { message: { messageId, publishTime: startedAt, data: Buffer.from(text).toString('base64') } },
  };
}
