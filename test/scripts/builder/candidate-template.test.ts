import { describe, expect, test } from '@jest/globals';
import { releasePolicy } from '../../../functions/release/policy.ts';
import { candidateTemplate } from '../../../scripts/builder/candidate-template.ts';
import { policyOf } from '../../../scripts/pipeline/pipeline.ts';
import { service as serviceSchema, type ServiceConfig } from '../../../scripts/pipeline/schema.ts';

const place = { project: 'acme-shop', region: 'europe-west1', releaseSets: [['api', 'web']] };
const commit = '0123456789abcdef0123456789abcdef01234567';
const facts = {
  key: { service: 'api', id: '0123456-b1b2c3d4' },
  commit,
  buildId: 'b1b2c3d4-0000-4000-8000-000000000000',
  image: `europe-west1-docker.pkg.dev/acme-shop/slipway/api@sha256:${'a'.repeat(64)}`,
  env: { DATABASE_NAME: 'shop' },
};
const service = (settings: object): ServiceConfig =>
  serviceSchema.parse({ folder: 'services/api', ...settings });

describe('candidateTemplate', () => {
  test('a service with nothing but a folder: named, labelled, by digest, with the defaults', () => {
    expect(candidateTemplate(place, service({}), facts)).toEqual({
      revision: 'api-0123456-b1b2c3d4',
      labels: { 'commit-sha': commit, 'build-id': facts.buildId },
      annotations: { 'slipway.dev/policy': JSON.stringify(policyOf(place, 'api', service({}))) },
      scaling: { minInstanceCount: 0, maxInstanceCount: 10 },
      maxInstanceRequestConcurrency: 80,
      timeout: { seconds: 300 },
      sessionAffinity: false,
      containers: [
        {
          image: facts.image,
          ports: [{ containerPort: 8080 }],
          env: [{ name: 'DATABASE_NAME', value: 'shop' }],
          resources: { limits: { cpu: '1', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
          startupProbe: {
            tcpSocket: { port: 8080 },
            periodSeconds: 1,
            timeoutSeconds: 1,
            failureThreshold: 60,
          },
        },
      ],
    });
  });

  test('what pipeline.yaml sets arrives in the revision', () => {
    const template = candidateTemplate(
      place,
      service({
        port: 3000,
        sessionAffinity: true,
        database: 'board',
        startup: { deadlineSeconds: 20 },
        secrets: { DATABASE_PASSWORD: 'board-password' },
        scaling: {
          minInstances: 1,
          maxInstances: 3,
          concurrency: 10,
          cpu: '2',
          memory: '1Gi',
          timeoutSeconds: 3600,
        },
      }),
      facts,
    );
    expect(template).toMatchObject({
      scaling: { minInstanceCount: 1, maxInstanceCount: 3 },
      maxInstanceRequestConcurrency: 10,
      timeout: { seconds: 3600 },
      sessionAffinity: true,
      volumes: [{ name: 'cloudsql', cloudSqlInstance: { instances: ['acme-shop:europe-west1:board'] } }],
      containers: [
        {
          ports: [{ containerPort: 3000 }],
          env: [
            { name: 'DATABASE_NAME', value: 'shop' },
            {
              name: 'DATABASE_PASSWORD',
              valueSource: { secretKeyRef: { secret: 'board-password', version: 'latest' } },
            },
          ],
          resources: { limits: { cpu: '2', memory: '1Gi' } },
          volumeMounts: [{ name: 'cloudsql', mountPath: '/cloudsql' }],
          startupProbe: { tcpSocket: { port: 3000 }, failureThreshold: 20 },
        },
      ],
    });
  });

  test.each([true, false])(
    'the policy that travels with it is read by verification (public: %s)',
    (isPublic) => {
      const config = service({ public: isPublic, health: { path: '/ready', consecutiveSuccesses: 5 } });
      const { annotations } = candidateTemplate(place, config, facts);
      expect(releasePolicy.parse(JSON.parse(annotations?.['slipway.dev/policy'] ?? ''))).toMatchObject({
        public: isPublic,
        health: { path: '/ready', consecutiveSuccesses: 5, status: 200 },
        releaseSet: ['api', 'web'],
      });
    },
  );
});
