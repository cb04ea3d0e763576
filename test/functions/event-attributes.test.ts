import type { CloudEvent } from '@google-cloud/functions-framework';
import { expect, test } from '@jest/globals';
import { aboutEvent, traceOfEvent } from '../../functions/event-attributes.ts';

function eventOf(json: unknown, attributes: Record<string, string> = {}): CloudEvent<unknown> {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return {
    specversion: '1.0',
    id: 'e1',
    source: '//pubsub.googleapis.com/projects/p/topics/releases',
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    data: { message: { data: Buffer.from(text).toString('base64'), messageId: '17', attributes } },
  };
}

const message = {
  'messaging.system': 'gcp_pubsub',
  'messaging.destination.name': 'releases',
  'messaging.message.id': '17',
};

test.each<[string, unknown, Record<string, string>]>([
  [
    'a build',
    { id: 'b-1', name: 'projects/p/builds/b-1', status: 'WORKING', substitutions: { _SERVICE: 'api' } },
    {
      'slipway.event': 'build',
      'slipway.build.id': 'b-1',
      'slipway.build.status': 'WORKING',
      'slipway.service': 'api',
    },
  ],
  [
    'a release',
    { service: 'api', release: 'abc1234-b1' },
    { 'slipway.event': 'release', 'slipway.service': 'api', 'slipway.release': 'abc1234-b1' },
  ],
  ['a service', { service: 'api' }, { 'slipway.event': 'service', 'slipway.service': 'api' }],
  [
    'a revision',
    { resource: { labels: { service_name: 'api', revision_name: 'api-1' } } },
    { 'slipway.event': 'revision', 'slipway.service': 'api', 'slipway.revision': 'api-1' },
  ],
  [
    'an alert',
    { version: '1.2', incident: { incident_id: '0.x', state: 'open' } },
    { 'slipway.event': 'alert', 'slipway.incident.id': '0.x' },
  ],
  ['a tick', { tick: 'minute' }, { 'slipway.event': 'tick' }],
  ['fields of other types', { service: 5, substitutions: 'no' }, { 'slipway.event': 'unknown' }],
  ['no JSON', '§', { 'slipway.event': 'unknown' }],
])('%s says what it is', (_name, json, expected) => {
  expect(aboutEvent(eventOf(json))).toEqual({ ...message, ...expected });
});

test('an event that is no message says nothing of itself', () => {
  expect(aboutEvent({ ...eventOf({}), data: 5 })).toEqual({
    'messaging.system': 'gcp_pubsub',
    'messaging.destination.name': 'releases',
    'slipway.event': 'unknown',
  });
});

const [mine, googles] = ['a', 'b'].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`);

test.each<[string, Record<string, string>, string | undefined]>([
  ['ours', { traceparent: mine ?? '' }, 'a'.repeat(32)],
  ["that of Google's clients", { googclient_traceparent: googles ?? '' }, 'b'.repeat(32)],
  [
    "both: Google's is nearer",
    { traceparent: mine ?? '', googclient_traceparent: googles ?? '' },
    'b'.repeat(32),
  ],
  ['one that cannot be read', { traceparent: 'x' }, undefined],
  ['none', {}, undefined],
])('the trace of a message: %s', (_name, attributes, traceId) => {
  expect(traceOfEvent(eventOf({}, attributes))?.traceId).toBe(traceId);
});
