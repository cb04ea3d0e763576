import { describe, expect, test } from '@jest/globals';
import { compileQuery, timeBounds } from '../../../local/logging/query-match.ts';
import { parseQuery } from '../../../local/logging/query-parser.ts';

const entry = {
  logName: 'projects/p/logs/cloudaudit.googleapis.com%2Fsystem_event',
  severity: 'WARNING',
  timestamp: '2026-03-02T10:00:00.250Z',
  resource: { type: 'cloud_run_revision', labels: { service_name: 'web', revision_name: 'web-00001-abc' } },
  labels: { 'serving.knative.dev/service': 'web', team: '' },
  protoPayload: {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    status: { code: 9 },
    response: {
      kind: 'Revision',
      status: {
        conditions: [
          { type: 'Ready', status: 'False' },
          { type: 'Active', status: 'True' },
        ],
      },
      metadata: { labels: { 'serving.knative.dev/service': 'web' } },
    },
  },
  jsonPayload: { message: 'Connection refused: db-1', attempts: 3, retry: true, ratio: '0.5', nothing: null },
  httpRequest: { status: 503, latency: '0.250s', requestMethod: 'GET' },
};

const passes = (query: string): boolean => compileQuery(parseQuery(query))(entry);

describe('an entry passes', () => {
  test.each([
    '',
    '-- only a comment',
    'log_id("cloudaudit.googleapis.com/system_event") resource.type="cloud_run_revision" protoPayload.response.kind="Revision"',
    'resource.type=cloud_run_revision',
    'resource.type="CLOUD_RUN_REVISION"',
    'resource.labels.service_name="web" AND severity>=WARNING',
    'severity>INFO severity<ERROR severity!=DEBUG',
    'severity>=300',
    'severity=warning',
    'labels."serving.knative.dev/service"="web"',
    'protoPayload.response.metadata.labels."serving.knative.dev/service"=web',
    'protoPayload."@type":"AuditLog"',
    'protoPayload.status.code=9',
    'protoPayload.response.status.conditions.type="Active"',
    'jsonPayload.message:"connection REFUSED"',
    'jsonPayload.message=~"refused: db-\\d$"',
    'jsonPayload.message=~"(?i)^connection"',
    'jsonPayload.message!~"timeout"',
    'jsonPayload.attempts>2 jsonPayload.attempts<=3',
    'jsonPayload.attempts=3',
    'jsonPayload.ratio>0.25',
    'jsonPayload.retry=true',
    'jsonPayload.nothing=NULL_VALUE',
    'jsonPayload.message:*',
    'jsonPayload:"db-1"',
    'httpRequest.status>=500 httpRequest.latency>"0.1s"',
    'http_request.request_method=GET',
    'timestamp>="2026-03-02T10:00:00Z" timestamp<"2026-03-02T10:00:01Z"',
    'timestamp>="2026-03-02"',
    'timestamp<"2026-03-02T12:00:00+01:30"',
    'timestamp="2026-03-02T10:00:00.25Z"',
    '"refused"',
    'refused db-1',
    'NOT severity=ERROR',
    '-severity=ERROR',
    'NOT (severity=ERROR OR severity=INFO)',
    'severity=(ERROR OR WARNING)',
    'resource.labels.service_name=("api" OR "web")',
    'NOT resource.labels.service_name=("api" OR "streaming")',
    // OR binds tighter than AND: (a OR b) AND c
    'severity=WARNING OR severity=ERROR AND resource.labels.service_name=web',
    'severity=WARNING\nresource.labels.service_name=web -- of the service',
    'NOT jsonPayload.missing="x"',
    'NOT labels.missing:*',
    'trace=""',
    'textPayload=""',
  ])('%s', (query) => {
    expect(passes(query)).toBe(true);
  });
});

describe('an entry does not pass', () => {
  test.each([
    'resource.type="gce_instance"',
    'severity>=ERROR',
    'log_id("run.googleapis.com/stdout")',
    'log_id("system_event")',
    'protoPayload.status.code=8',
    'protoPayload.response.status.conditions.type="Retry"',
    'jsonPayload.message="Connection"',
    'jsonPayload.message=~"^refused"',
    'jsonPayload.message=~"connection"',
    'jsonPayload.missing="x"',
    'jsonPayload.missing!="x"',
    'jsonPayload.missing!~"x"',
    'jsonPayload.attempts<3',
    'jsonPayload.attempts="three"',
    'jsonPayload.retry=false',
    'labels.missing:*',
    'labels.team:*',
    'trace:*',
    'httpRequest.status<500',
    'timestamp>"2026-03-02T10:00:00.25Z"',
    'severity=ERROR OR severity=WARNING AND resource.labels.service_name=api',
    'and',
    'NOT "refused"',
    '-(refused)',
  ])('%s', (query) => {
    expect(passes(query)).toBe(false);
  });
});

describe('is refused by name', () => {
  test.each([
    ['severity=', 'a value for severity expected at the end'],
    ['severity=LOUD', 'Unknown severity: LOUD'],
    ['timestamp>"yesterday"', 'Invalid timestamp: yesterday'],
    ['colour=red', "Field not found: 'colour'."],
    ['(severity=INFO', 'the bracket at 0 is not closed'],
    ['severity=INFO)', 'unexpected closing bracket at 13'],
    ['AND severity=INFO', 'AND at 0 has nothing before it'],
    ['severity=INFO AND', 'a field or a text expected at the end'],
    ['severity=INFO OR', 'a field or a text expected at the end'],
    ['textPayload="open', 'the string at 12 is not closed'],
    ['textPayload=~"("', 'Invalid regular expression: ('],
    ['sample(insertId, 0.1)', 'no function "sample()"'],
    ['ip_in_net(httpRequest.remoteIp, "10.0.0.0/8")', 'no function "ip_in_net()"'],
    ['SEARCH("x")', 'no function "SEARCH()"'],
    ['= 3', 'a field or a text expected at 0'],
    ['textPayload!x', 'unexpected "!"'],
  ])('%s', (query, message) => {
    expect(() => compileQuery(parseQuery(query))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});

describe('the span of time that a query can match within', () => {
  test.each([
    ['severity=INFO', {}],
    ['timestamp>="2026-03-02T10:00:00Z" severity=INFO', { from: '2026-03-02T10:00:00.000000000Z' }],
    [
      'timestamp>"2026-03-01" timestamp>"2026-03-02" timestamp<"2026-03-04"',
      { from: '2026-03-02T00:00:00.000000000Z', to: '2026-03-04T00:00:00.000000000Z' },
    ],
    ['timestamp>"2026-03-02" OR severity=INFO', {}],
    ['NOT timestamp>"2026-03-02"', {}],
  ])('%s', (query, bounds) => {
    expect(timeBounds(parseQuery(query))).toEqual(bounds);
  });
});
