import { expect, test } from '@jest/globals';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import { imageRepository, policyOf, stateBucket } from '../../../scripts/pipeline/pipeline.ts';
import { triggersOf } from '../../../scripts/pipeline/triggers.ts';
import { releasePolicy } from '../../../functions/release/policy.ts';
import { rolloutPresets } from '../../../functions/release/rollout-presets.ts';

const text = `project: slipway-board
region: europe-west1
repository: slipway/board
environments:
  production: { branch: release/2.x }
services:
  api:
    folder: services/api
    public: true
    health: { watchSeconds: 5 }
    dependsOn: [packages/shared/**, pipeline.yaml]
  web:
    folder: services/web
    context: services
    builds: { checks: services/web/checks.yaml }
  worker: { folder: services/worker }
releaseSets: [[web, api]]
`;
const result = loadPipeline(text, { file: 'pipeline.yaml', environment: 'production' });
if (!result.ok) throw new Error(JSON.stringify(result.errors));
const { pipeline } = result;

test('names what belongs to the project', () => {
  expect(stateBucket(pipeline)).toBe('slipway-board-slipway');
  expect(imageRepository(pipeline)).toBe('europe-west1-docker.pkg.dev/slipway-board/slipway');
});

test.each([
  ["notificationChannels: ['123', '45']", ['123', '45']],
  ['notificationChannels: []', []],
  ['', undefined],
])('whom an alert tells is written, or left to people: %j', (line, expected) => {
  const loaded = loadPipeline(`${text}${line}\n`, { file: 'pipeline.yaml', environment: 'production' });
  expect(loaded.ok && loaded.pipeline.notificationChannels).toEqual(expected);
});

test('a channel is told by its number', () => {
  const loaded = loadPipeline(`${text}notificationChannels: [pager]\n`, {
    file: 'pipeline.yaml',
    environment: 'production',
  });
  expect(loaded.ok ? [] : loaded.errors.map(({ rule }) => rule)).toEqual([
    expect.stringContaining('must be the number of a notification channel of Cloud Monitoring'),
  ]);
});

test('the functions are told what telemetry needs', () => {
  const written = 'functions: { env: { OTEL_SDK_DISABLED: "false" }, secrets: { SENTRY_DSN: sentry-dsn } }';
  const loaded = loadPipeline(`${text}${written}\n`, { file: 'pipeline.yaml', environment: 'production' });
  expect(loaded.ok && loaded.pipeline.functions).toEqual({
    env: { OTEL_SDK_DISABLED: 'false' },
    secrets: { SENTRY_DSN: 'sentry-dsn' },
  });
  expect(pipeline.functions).toEqual({ env: {}, secrets: {} });
});

test.each([
  ['env: { SLIPWAY_BUCKET: mine }', 'its name starts with OTEL_ or SENTRY_'],
  ['secrets: { GITHUB_TOKEN: mine }', 'its name starts with OTEL_ or SENTRY_'],
  ['env: { SENTRY_DSN: x }, secrets: { SENTRY_DSN: x }', 'env and secrets must not share a name'],
])('and nothing else: %s', (written, rule) => {
  const loaded = loadPipeline(`${text}functions: { ${written} }\n`, {
    file: 'pipeline.yaml',
    environment: 'production',
  });
  expect(loaded.ok ? [] : loaded.errors.map((error) => error.rule)).toEqual([expect.stringContaining(rule)]);
});

test('gives a release its policy, complete', () => {
  const { api } = pipeline.services;
  if (api === undefined) throw new Error('api is missing');
  const policy = policyOf(pipeline, 'api', api);
  expect(policy).toMatchObject({
    public: true,
    health: { watchSeconds: 5, path: '/health' },
    rollout: rolloutPresets.canary,
    schema: { version: 0, reversible: true },
  });
  expect(releasePolicy.parse(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
});

test.each([
  ['api', ['web', 'api']],
  ['web', ['web', 'api']],
  ['worker', []],
])('tells a release of %s with which services it goes out, in which order', (name, releaseSet) => {
  const service = pipeline.services[name];
  if (service === undefined) throw new Error(`${name} is missing`);
  expect(policyOf(pipeline, name, service)).toMatchObject({ releaseSet });
});

test('has two triggers a service', () => {
  const triggers = triggersOf(pipeline);
  expect(triggers.map(({ name }) => name)).toEqual([
    'api-checks',
    'api-release',
    'web-checks',
    'web-release',
    'worker-checks',
    'worker-release',
  ]);
  expect(triggers[0]).toEqual({
    name: 'api-checks',
    description: 'Checks api on every branch but release/2.x',
    github: { owner: 'slipway', name: 'board', push: { branch: '^release/2\\.x$', invertRegex: true } },
    filename: 'cloudbuild/checks.yaml',
    includedFiles: ['services/api/**', 'pipeline.yaml', 'cloudbuild/checks.yaml', 'packages/shared/**'],
    substitutions: {
      _SERVICE: 'api',
      _PURPOSE: 'checks',
      _ENVIRONMENT: 'production',
      _FOLDER: 'services/api',
      _CONTEXT: 'services/api',
    },
    tags: ['slipway'],
  });
  expect(triggers[3]).toEqual({
    name: 'web-release',
    description: 'Releases web from release/2.x to production',
    github: { owner: 'slipway', name: 'board', push: { branch: '^release/2\\.x$' } },
    filename: 'cloudbuild/release.yaml',
    includedFiles: ['services/web/**', 'pipeline.yaml', 'cloudbuild/release.yaml'],
    substitutions: {
      _SERVICE: 'web',
      _PURPOSE: 'release',
      _ENVIRONMENT: 'production',
      _FOLDER: 'services/web',
      _CONTEXT: 'services',
    },
    tags: ['slipway'],
  });
});

test('takes the build config of a service', () => {
  expect(triggersOf(pipeline)[2]?.filename).toBe('services/web/checks.yaml');
});
