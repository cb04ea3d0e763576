import { describe, expect, test } from '@jest/globals';
import { decodeAlert } from '../../../functions/alerts/incident.ts';
import type { PubSubMessage } from '../../../functions/platform/pubsub-event.ts';
import { channelTest, incidentPayload, startedAt, type Part } from './payloads.ts';

const message = (payload: unknown): PubSubMessage => ({
  messageId: '1',
  publishTime: startedAt,
  attributes: {},
  text: typeof payload === 'string' ? payload : JSON.stringify(payload),
});

const expected = {
  id: '0.nabc1d2e3f4g',
  state: 'open',
  startedAt,
  policy: 'API answers with errors',
  summary: 'Request Count for p api is above the threshold of 1.000 with a value of 3.200.',
  asksForRollback: false,
  resource: {
    type: 'cloud_run_revision',
    labels: { location: 'europe-west1', project_id: 'p', service_name: 'api' },
  },
};

describe('an incident', () => {
  test.each<[string, Part, object]>([
    ['that is open', {}, {}],
    ['whose state is in capitals (trap 33)', { state: 'OPEN' }, {}],
    ['that is closed', { state: 'closed', ended_at: 1767614500 }, { state: 'closed' }],
    [
      'that was cancelled, with prose for a value (trap 33)',
      {
        state: 'closed',
        observed_value: 'Incident cancelled because the alert policy condition was deleted.',
      },
      { state: 'closed' },
    ],
    ['whose start is a text', { started_at: String(Date.parse(startedAt) / 1000) }, {}],
    [
      'of a policy with the label',
      { policy_user_labels: { slipway: 'rollback' } },
      { asksForRollback: true },
    ],
    ['of a policy with other labels', { policy_user_labels: { slipway: 'page', team: 'a' } }, {}],
    ['of a policy without a name', { policy_name: '' }, { policy: 'Server errors' }],
    ['without a summary', { summary: null }, { summary: 'without a summary' }],
    ['with a long summary', { summary: 'x'.repeat(900) }, { summary: `${'x'.repeat(499)}…` }],
    [
      'about something else',
      { resource: { type: 'gce_instance', labels: { zone: 'a' } } },
      { resource: { type: 'gce_instance', labels: { zone: 'a' } } },
    ],
    ['with fields that are not known here', { cluster: { name: 'x' } }, {}],
  ])('%s is read', (_, part, difference) => {
    expect(decodeAlert(message(incidentPayload(part)))).toEqual({
      ok: true,
      value: { kind: 'incident', incident: { ...expected, ...difference } },
    });
  });

  test('about no resource is read', () => {
    const decoded = decodeAlert(message(incidentPayload({ resource: null })));
    expect(decoded).toMatchObject({ ok: true, value: { kind: 'incident' } });
    expect(decoded.ok && decoded.value).not.toHaveProperty('incident.resource');
  });
});

test('the test of a channel is known although it has another shape (trap 33)', () => {
  expect(decodeAlert(message(channelTest))).toEqual({ ok: true, value: { kind: 'channel-test' } });
});

test.each<[string, unknown, RegExp]>([
  ['no JSON', 'alert!', /no JSON/],
  ['no version', { incident: {} }, /version/],
  ['a version that is not known', { ...incidentPayload(), version: '2.0' }, /version 2\.0/],
  ['no incident', { version: '1.2' }, /incident/],
  ['no incident id', incidentPayload({ incident_id: '' }), /incident_id/],
  ['a state that is not known', incidentPayload({ state: 'acknowledged' }), /state/],
  ['no start', incidentPayload({ started_at: null }), /started_at/],
])('%s cannot be read', (_, payload, reason) => {
  const decoded = decodeAlert(message(payload));
  expect(decoded).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
});
