import { describe, expect, test } from '@jest/globals';
import { describeBuild, failureOf } from '../../../functions/build-status/describe-build.ts';
import type { BuildStep, CloudBuild } from '../../../functions/platform/cloud-build.ts';
import { purposeOf } from '../../../functions/release/build-purpose.ts';

const commit = 'a'.repeat(40);
const step = (id: string, status: BuildStep['status'], exitCode?: number): BuildStep => ({
  id,
  status,
  exitCode,
  seconds: 1,
});
const build = (part: Partial<CloudBuild> = {}): CloudBuild => ({
  id: '11111111',
  name: 'projects/1/locations/l/builds/11111111',
  status: 'WORKING',
  statusDetail: '',
  failure: '',
  commit,
  repository: 'o/r',
  branch: 'main',
  substitutions: { _SERVICE: 'api', _PURPOSE: 'release' },
  steps: [],
  logUrl: 'http://log',
  createTime: '2026-01-01T00:00:00.000Z',
  seconds: undefined,
  digests: [],
  ...part,
});
const purpose = { service: 'api', purpose: 'release', commit } as const;

test.each<[string, Partial<CloudBuild>, string, string]>([
  ['queued', { status: 'QUEUED' }, 'pending', 'The build is running'],
  ['running', {}, 'pending', 'The build is running'],
  ['passed', { status: 'SUCCESS', seconds: 12.34 }, 'success', 'The build passed in 12.3 s'],
  ['a long one', { status: 'SUCCESS', seconds: 754 }, 'success', 'The build passed in 12 min 34 s'],
  [
    'a failed step',
    { status: 'FAILURE', seconds: 3, steps: [step('lint', 'SUCCESS', 0), step('unit', 'FAILURE', 1)] },
    'failure',
    'The build failed in unit (exit 1) after 3.0 s',
  ],
  [
    'the steps at fault, not the one that ended the build',
    {
      status: 'FAILURE',
      steps: [step('lint', 'FAILURE', 2), step('unit', 'FAILURE', 1), step('results', 'FAILURE', 1)],
    },
    'failure',
    'failed in lint (exit 2), unit (exit 1), results (exit 1)',
  ],
  [
    'no step ran',
    { status: 'FAILURE', statusDetail: 'cloudbuild/release.yaml:3:1: unknown key' },
    'failure',
    'The build failed: cloudbuild/release.yaml:3:1: unknown key',
  ],
  [
    'trap 6: out of time',
    { status: 'TIMEOUT', steps: [step('unit', 'TIMEOUT')] },
    'failure',
    'The build ran out of time in unit (timed out)',
  ],
  [
    'trap 6: Cloud Build itself',
    { status: 'INTERNAL_ERROR', statusDetail: 'no worker' },
    'error',
    'met an error of Cloud Build: no worker',
  ],
  ['trap 6: expired', { status: 'EXPIRED' }, 'error', 'The build waited too long in the queue'],
  ['cancelled', { status: 'CANCELLED' }, 'error', 'The build was cancelled'],
])('%s', (_, part, state, description) => {
  const status = describeBuild(build(part), purpose);
  expect(status).toMatchObject({ state, context: 'slipway/api/build', targetUrl: 'http://log' });
  expect(status.description).toContain(description);
});

test.each([
  ['a person has cancelled', undefined, 'The build was cancelled'],
  [
    'a newer push has',
    { by: '2', commit: 'b'.repeat(40) },
    'The build was cancelled: a newer push (bbbbbbb)',
  ],
])('a build that %s says so', (_, by, description) => {
  expect(describeBuild(build({ status: 'CANCELLED' }), purpose, by).description).toBe(description);
  expect(describeBuild(build({ status: 'SUCCESS' }), purpose, by).description).toBe('The build passed');
});

const results = (status: BuildStep['status']): Partial<CloudBuild> => ({ steps: [step('results', status)] });
test.each<[string, Partial<CloudBuild>, string]>([
  ['passed', { status: 'SUCCESS', ...results('SUCCESS') }, 'summary'],
  ['failed in a gate', { status: 'FAILURE', ...results('FAILURE') }, 'summary'],
  ['failed after the gates had passed', { status: 'FAILURE', ...results('SUCCESS') }, 'log'],
  ['ran out of time before', { status: 'TIMEOUT', ...results('QUEUED') }, 'log'],
  ['is running', { status: 'WORKING', ...results('QUEUED') }, 'log'],
  ['has no such step', { status: 'SUCCESS' }, 'log'],
])('a build that %s leads to the page that says why', (_, part, page) => {
  const at = (summary?: string): string => describeBuild(build(part), purpose, undefined, summary).targetUrl;
  expect(at('http://summary')).toBe(`http://${page}`);
  expect(at()).toBe('http://log');
});

test('checks have a context of their own', () => {
  expect(describeBuild(build(), { ...purpose, purpose: 'checks' })).toMatchObject({
    context: 'slipway/api/checks',
    description: 'The checks build is running',
  });
});

test('trap 28: queued and running are one status, so that GitHub is written to once', () => {
  const [queued, working] = (['QUEUED', 'WORKING'] as const).map((status) =>
    describeBuild(build({ status }), purpose),
  );
  expect(queued).toEqual(working);
});

describe('whose build it is', () => {
  test.each<[string, Partial<CloudBuild>, boolean]>([
    ['ours', {}, true],
    ['of another repository', { repository: 'o/other' }, false],
    ['without a commit', { commit: undefined }, false],
    ['without a service', { substitutions: { _PURPOSE: 'release' } }, false],
    ['for a purpose that we do not know', { substitutions: { _SERVICE: 'api', _PURPOSE: 'nightly' } }, false],
  ])('%s', (_, part, ours) => {
    expect(purposeOf(build(part), 'o/r') !== undefined).toBe(ours);
  });
});

test('a build that is not over has no failure', () => {
  expect(failureOf(build({ statusDetail: 'something' }))).toBeUndefined();
});
