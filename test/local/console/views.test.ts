import { describe, expect, test } from '@jest/globals';
import { alertView } from '../../../local/console/browser/alert-view.ts';
import { buildView, type BuildJson } from '../../../local/console/browser/build-view.ts';
import { entryView, type EntryJson } from '../../../local/console/browser/entry-view.ts';
import { quoted, safeHref, spokenAge, spokenDuration } from '../../../local/console/browser/formats.ts';
import { functionView } from '../../../local/console/browser/function-view.ts';
import { serviceView, type ServiceJson } from '../../../local/console/browser/service-view.ts';

describe('formats', () => {
  test.each([
    [-5, '0.0 s'],
    [4_200, '4.2 s'],
    [9_960, '10 s'],
    [59_600, '1 min 0 s'],
    [185_000, '3 min 5 s'],
    [7_440_000, '2 h 4 min'],
  ])('%d ms takes %s', (ms, text) => {
    expect(spokenDuration(ms)).toBe(text);
  });

  test.each([
    [-300, 'just now'],
    [40_000, '40 s ago'],
    [3_599_000, '59 min ago'],
    [3_600_000, '1 h ago'],
    [86_400_000, '1 day ago'],
    [200_000_000, '2 days ago'],
  ])('%d ms is %s', (ms, text) => {
    expect(spokenAge(ms)).toBe(text);
  });

  test.each([
    ['http://127.0.0.1:4601/', 'http://127.0.0.1:4601/'],
    ['/a/b/commit/c', 'http://127.0.0.1:4600/a/b/commit/c'],
    ['javascript:alert(1)', undefined],
    [' java\nscript:alert(1)', undefined],
    ['data:text/html,x', undefined],
    ['http://', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('a link to %j leads to %j', (address, href) => {
    expect(safeHref(address, 'http://127.0.0.1:4600')).toBe(href);
  });

  test('a value of a query keeps its quotes', () => {
    expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"');
  });
});

describe('a service', () => {
  const name = 'projects/p/locations/r/services/web';
  const revision = (short: string): string => `${name}/revisions/${short}`;

  test.each<[string, Partial<ServiceJson>, object]>([
    [
      'ready',
      { terminalCondition: { state: 'CONDITION_SUCCEEDED' } },
      { state: 'Ready', tone: 'good', reason: undefined },
    ],
    [
      'being changed, whatever came of the change before',
      { reconciling: true, terminalCondition: { state: 'CONDITION_FAILED' } },
      { state: 'Deploying', tone: 'busy' },
    ],
    [
      'failed',
      { terminalCondition: { state: 'CONDITION_FAILED', message: 'no port' } },
      { state: 'Not ready', tone: 'bad', reason: 'no port' },
    ],
    [
      'failed with the reason in another condition',
      {
        terminalCondition: { state: 'CONDITION_FAILED' },
        conditions: [
          { state: 'CONDITION_SUCCEEDED', message: 'routes' },
          { state: 'CONDITION_FAILED', message: 'no port' },
        ],
      },
      { reason: 'no port' },
    ],
    ['new', {}, { state: 'Unknown', tone: 'calm', traffic: [], tags: [] }],
  ])('%s', (_, fields, expected) => {
    expect(serviceView({ name, ...fields })).toMatchObject({ name: 'web', ...expected });
  });

  test('its traffic adds up a revision, and tags stand apart', () => {
    const view = serviceView({
      name,
      latestReadyRevision: revision('new'),
      latestCreatedRevision: revision('newest'),
      trafficStatuses: [
        { revision: 'new', percent: 5, tag: 'canary', uri: 'http://127.0.0.1:1' },
        { revision: 'old', percent: 90 },
        { percent: 5 },
        { revision: 'newest', tag: 'candidate' },
      ],
    });
    expect(view).toMatchObject({
      traffic: [
        { revision: 'new', percent: 10 },
        { revision: 'old', percent: 90 },
      ],
      tags: [
        { tag: 'canary', revision: 'new', uri: 'http://127.0.0.1:1' },
        { tag: 'candidate', revision: 'newest', uri: undefined },
      ],
      pendingRevision: 'newest',
    });
  });
});

describe('a build', () => {
  const nowMs = Date.parse('2026-01-01T00:01:00Z');
  const sha = 'a'.repeat(40);

  test.each<[string, Partial<BuildJson>, object]>([
    ['queued', { status: 'QUEUED' }, { state: 'Queued', tone: 'calm', durationMs: undefined, ageMs: 60_000 }],
    [
      'running since',
      { status: 'WORKING', startTime: '2026-01-01T00:00:10Z' },
      { state: 'Running', tone: 'busy', durationMs: 50_000 },
    ],
    [
      'ended',
      { status: 'SUCCESS', startTime: '2026-01-01T00:00:10Z', finishTime: '2026-01-01T00:00:12Z' },
      { tone: 'good', durationMs: 2_000 },
    ],
    [
      'failed',
      { status: 'FAILURE', statusDetail: 'step 3 failed' },
      { tone: 'bad', detail: 'step 3 failed' },
    ],
    ['succeeded in spite of a remark', { status: 'SUCCESS', statusDetail: 'slow' }, { detail: undefined }],
    ['of a status to come', { status: 'PAUSED' }, { state: 'PAUSED', tone: 'calm' }],
    [
      'of a trigger',
      {
        substitutions: {
          TRIGGER_NAME: 'web-release',
          _SERVICE: 'web',
          BRANCH_NAME: 'main',
          COMMIT_SHA: sha,
          REPO_FULL_NAME: 'slipway/board',
        },
      },
      {
        title: 'web-release',
        service: 'web',
        ref: 'main',
        commit: { short: 'aaaaaaa', path: `/slipway/board/commit/${sha}` },
      },
    ],
    [
      'of a repository that is none',
      { substitutions: { COMMIT_SHA: sha, REPO_FULL_NAME: 'https://elsewhere/x' } },
      { commit: { short: 'aaaaaaa', path: undefined } },
    ],
    [
      'of an image',
      { images: ['europe-west1-docker.pkg.dev/p/r/builder:82ce'] },
      { title: 'builder', service: undefined },
    ],
    ['of nothing', {}, { title: 'Build 01234567', commit: undefined, ref: undefined }],
  ])('%s', (_, fields, expected) => {
    expect(
      buildView({ id: '0123456789', createTime: '2026-01-01T00:00:00Z', ...fields }, nowMs),
    ).toMatchObject(expected);
  });
});

test.each([
  ['ACTIVE', [], 'Active', 'good', undefined],
  ['FAILED', [{ message: 'exited with 1' }, {}], 'Failed', 'bad', 'exited with 1'],
  ['NEW', [], 'NEW', 'calm', undefined],
])('a function that is %s', (word, stateMessages, state, tone, reason) => {
  expect(functionView({ name: 'projects/p/locations/r/functions/f', state: word, stateMessages })).toEqual({
    name: 'f',
    state,
    tone,
    reason,
    logs: `/console/logs?query=${encodeURIComponent('resource.type="cloud_run_revision" resource.labels.service_name="f"')}`,
  });
});

describe('a log entry', () => {
  test.each<[string, EntryJson, object]>([
    [
      'text of a service',
      {
        logName: 'projects/p/logs/run.googleapis.com%2Fstderr',
        severity: 'ERROR',
        resource: { type: 'cloud_run_revision', labels: { service_name: 'web' } },
        textPayload: 'no\nport',
      },
      { source: 'web', log: 'stderr', tone: 'bad', message: 'no\nport' },
    ],
    [
      'a line of a build',
      {
        logName: 'projects/p/logs/cloudbuild',
        resource: { type: 'build', labels: { build_id: '0123456789' } },
        textPayload: 'PUSH',
      },
      { source: 'build 01234567', log: 'cloudbuild', severity: 'DEFAULT', tone: 'calm' },
    ],
    [
      'a message',
      { jsonPayload: { message: 'hi', a: 1 }, severity: 'WARNING' },
      { message: 'hi', tone: 'warn' },
    ],
    ['JSON without a message', { jsonPayload: { a: 1 } }, { message: '{"a":1}' }],
    [
      'an audit',
      {
        protoPayload: {
          methodName: 'google.cloud.run.v2.Services.UpdateService',
          status: { message: 'Conflict' },
        },
      },
      { message: 'UpdateService: Conflict' },
    ],
    ['an audit without a remark', { protoPayload: { methodName: 'x.Get', status: {} } }, { message: 'Get' }],
    [
      'a request',
      { httpRequest: { requestMethod: 'GET', status: 200, requestUrl: 'http://w/', latency: '0.0123s' } },
      { message: 'GET 200 http://w/ 12 ms' },
    ],
    ['a name that is badly encoded', { logName: 'projects/p/logs/%zz' }, { log: '%zz', message: '{}' }],
  ])('%s', (_, entry, expected) => {
    expect(entryView(entry)).toMatchObject(expected);
  });
});

test('an alert leads to the log lines that it is about', () => {
  const alert = {
    name: 'projects/p/alerts/1',
    openTime: '2026-01-01T00:00:00.000Z',
    resource: { type: 'cloud_run_revision', labels: { service_name: 'slipway-rollout' } },
    policy: { displayName: 'Slipway needs a person' },
  };
  const view = alertView(alert, Date.parse('2026-01-01T00:01:00.000Z'));
  expect(view).toMatchObject({ title: 'Slipway needs a person', source: 'slipway-rollout', ageMs: 60_000 });
  expect(decodeURIComponent(view.logs.replaceAll('+', ' '))).toContain(
    'severity>=CRITICAL resource.labels.service_name="slipway-rollout"',
  );
  expect(alertView({ name: 'x' }, 0)).toMatchObject({ title: 'Alert', source: '', ageMs: undefined });
});
