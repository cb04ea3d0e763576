import { describe, expect, test } from '@jest/globals';
import { loadPipeline } from '../../../scripts/pipeline/load.ts';
import type { PipelineError } from '../../../scripts/pipeline/errors.ts';
import type { Pipeline } from '../../../scripts/pipeline/pipeline.ts';

const head = `project: slipway-board
region: europe-west1
repository: slipway/board
`;

function errorsOf(text: string, environment = 'local'): readonly PipelineError[] {
  const result = loadPipeline(text, { file: 'pipeline.yaml', environment });
  return result.ok ? [] : result.errors;
}

function pipelineOf(text: string, environment = 'local'): Pipeline {
  const result = loadPipeline(text, { file: 'pipeline.yaml', environment });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.pipeline;
}

describe('a pipeline', () => {
  test('gets every default', () => {
    expect(pipelineOf(`${head}services: { api: { folder: services/api } }`)).toEqual({
      project: 'slipway-board',
      region: 'europe-west1',
      repository: { owner: 'slipway', name: 'board' },
      functions: { env: {}, secrets: {} },
      environment: { name: 'local', branch: 'main' },
      databases: {},
      services: {
        api: {
          folder: 'services/api',
          builds: { checks: 'cloudbuild/checks.yaml', release: 'cloudbuild/release.yaml' },
          dependsOn: [],
          port: 8080,
          public: false,
          sessionAffinity: false,
          startup: { deadlineSeconds: 60 },
          health: {
            path: '/health',
            status: 200,
            headers: {},
            consecutiveSuccesses: 3,
            consecutiveFailures: 3,
            intervalSeconds: 1,
            timeoutSeconds: 5,
            deadlineSeconds: 60,
            watchSeconds: 30,
            streams: [],
            journeys: [],
          },
          env: {},
          secrets: {},
          scaling: {
            minInstances: 0,
            maxInstances: 10,
            concurrency: 80,
            cpu: '1',
            memory: '512Mi',
            timeoutSeconds: 300,
          },
          rollout: {
            preset: 'canary',
            approve: [],
            metrics: {
              falseAlarmRate: 0.01,
              missRate: 0.05,
              toleratedErrorRatio: 1,
              notWorseRatio: 3,
              toleratedSlowdown: 1.1,
              errorBudget: 0.01,
              dryRun: false,
            },
          },
          schema: { version: 0, reversible: true },
        },
      },
      releaseSets: [],
    });
  });

  const layered = `${head}environments:
  production: { branch: release/2.x }
  local:
    defaults:
      health: { watchSeconds: 5, intervalSeconds: 0.5 }
      env: { LEVEL: debug, FROM: defaults }
      dependsOn: [tools/**]
    services:
      api:
        health: { watchSeconds: 7 }
        env: { FROM: service }
services:
  api:
    folder: services/api
    health: { path: /alive, watchSeconds: 20 }
    env: { BASE: kept, FROM: base }
    dependsOn: [packages/**, docs/**]
  web: { folder: services/web }
`;

  test('merges service, defaults and service of the environment, in this order', () => {
    const { api, web } = pipelineOf(layered).services;
    expect(api?.health).toMatchObject({
      path: '/alive',
      watchSeconds: 7,
      intervalSeconds: 0.5,
      deadlineSeconds: 60,
    });
    expect(api?.env).toEqual({ BASE: 'kept', LEVEL: 'debug', FROM: 'service' });
    expect(web?.health).toMatchObject({ path: '/health', watchSeconds: 5 });
    expect(web?.env).toEqual({ LEVEL: 'debug', FROM: 'defaults' });
  });

  test('replaces lists as a whole', () => {
    expect(pipelineOf(layered).services.api?.dependsOn).toEqual(['tools/**']);
    expect(pipelineOf(layered, 'production').services.api?.dependsOn).toEqual(['packages/**', 'docs/**']);
  });

  test('leaves other environments out', () => {
    const { environment, services } = pipelineOf(layered, 'production');
    expect(environment).toEqual({ name: 'production', branch: 'release/2.x' });
    expect(services.api?.env).toEqual({ BASE: 'kept', FROM: 'base' });
  });

  test('may use anchors and aliases', () => {
    const text = `${head}services:
  api: { folder: a, env: &shared { LEVEL: info } }
  web: { folder: b, env: *shared }
`;
    expect(pipelineOf(text).services.web?.env).toEqual({ LEVEL: 'info' });
  });
});

describe('an environment', () => {
  const text = `${head}environments:
  production: {}
services: { api: { folder: a } }
`;

  test('local needs no declaration', () => {
    expect(pipelineOf(text).environment).toEqual({ name: 'local', branch: 'main' });
  });

  test('that is not declared is an error which names the known ones', () => {
    expect(errorsOf(text, 'prod')).toEqual([
      {
        file: 'pipeline.yaml',
        line: 4,
        column: 1,
        path: 'environments',
        rule: 'there is no environment "prod" (did you mean "production"?); known: production, local',
        source: 'environments:',
      },
    ]);
  });
});
