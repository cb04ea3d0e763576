import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { failureOf } from '../../functions/build-status/describe-build.ts';
import type { CloudBuild } from '../../functions/platform/cloud-build.ts';
import { deliveryCloud, slipwayFile, type DeliveryCloud } from './delivery-cloud.ts';

/*
 * The build configs as they stand, executed: real steps, real images, a real candidate. The service is a small one that
 * needs no network to be installed.
 */

const pipelineYaml = `
project: test-project
region: europe-west1
repository: acme/shop
services:
  api:
    folder: services/api
    env: { GREETING: hello }
`;

const junit = (kind: string): string =>
  `node --test --test-reporter=junit --test-reporter-destination=reports/${kind}.junit.xml test/${kind}.test.js`;
const ownPackage = {
  name: 'shop-api',
  version: '1.0.0',
  type: 'module',
  dependencies: { tool: 'file:tool' },
  scripts: {
    lint: 'node --check server.js',
    typecheck: 'node --check server.js',
    'test:unit': `mkdir -p reports && ${junit('unit')}`,
    'test:integration': `mkdir -p reports && ${junit('integration')}`,
  },
};
const passingTest = "import test from 'node:test';\ntest('adds', () => {});\n";

const files = {
  'pipeline.yaml': pipelineYaml,
  'cloudbuild/checks.yaml': slipwayFile('cloudbuild/checks.yaml'),
  'cloudbuild/release.yaml': slipwayFile('cloudbuild/release.yaml'),
  'services/api/package.json': JSON.stringify(ownPackage),
  'services/api/package-lock.json': JSON.stringify({
    name: 'shop-api',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'shop-api', version: '1.0.0', dependencies: ownPackage.dependencies },
      'node_modules/tool': { resolved: 'tool', link: true },
      tool: { version: '1.0.0' },
    },
  }),
  'services/api/tool/package.json': '{ "name": "tool", "version": "1.0.0" }',
  'services/api/server.js':
    "import { createServer } from 'node:http';\ncreateServer((_, response) => response.end(process.env.GREETING + process.env.COMMIT_SHA)).listen(process.env.PORT);\n",
  'services/api/test/unit.test.js': passingTest,
  'services/api/test/integration.test.js': passingTest,
  'services/api/Dockerfile': `FROM node:24-slim@sha256:${'a'.repeat(64)} AS deps
WORKDIR /build
COPY package.json ./
RUN echo installed > installed

FROM node:24-slim@sha256:${'a'.repeat(64)}
ARG REVISION=unknown
LABEL org.opencontainers.image.title=shop-api org.opencontainers.image.source=https://github.com/acme/shop \\
      org.opencontainers.image.version=1.0.0 org.opencontainers.image.revision=\${REVISION}
ENV COMMIT_SHA=\${REVISION}
WORKDIR /app
COPY --from=deps /build/installed ./
COPY package.json server.js ./
USER 1000
CMD ["server.js"]
`,
  'services/api/.dockerignore': '*\n!package.json\n!server.js\n',
  // The tool is a folder of the service: that is why it needs no network.
  'cloudbuild/security.yaml': slipwayFile('cloudbuild/security.yaml').replace(
    'lockfile:',
    'lockfile:\n  exceptions:\n    - { rule: source, package: tool, reason: a folder of the service, expires: 2099-12-31 }',
  ),
  'cloudbuild/images.yaml':
    'services: { api: { maxMegabytes: 250, maxCompressedMegabytes: 100, maxAddedMegabytes: 1 } }\n',
};

const steps = (build: CloudBuild): Record<string, string> =>
  Object.fromEntries(build.steps.map(({ id, status }) => [id, status]));

describe('cloudbuild/', () => {
  let cloud: DeliveryCloud;
  beforeAll(async () => {
    cloud = await deliveryCloud(pipelineYaml);
  }, 30_000);
  afterAll(() => cloud.close());

  test('release.yaml: tested, pushed, and a candidate by the digest of the build', async () => {
    const commit = cloud.repository.commit(files);
    const { build, log, images } = await cloud.built('main');
    // Whether there is an advisory source depends on where this runs.
    expect(log).toMatch(/(?:9|10) of 13 gates passed; skipped: (?:audit, )?code, image-size, image-scan/);
    expect(log).toMatch(/\[deps 4\/4\] RUN echo installed > installed/);
    expect(log).toMatch(/deps: digest: sha256:[0-9a-f]{64}/);
    expect({ status: build.status, ...steps(build) }).toEqual(
      Object.fromEntries(
        [
          'status',
          'install',
          'lint',
          'lint-dockerfile',
          'typecheck',
          'unit',
          'integration',
          'security',
          'image',
          'image-size',
          'image-scan',
          'results',
          'await-turn',
          'push',
          'push-cache',
          'provenance',
          'deploy',
          'smoke-tool',
          'smoke',
          'load-plan',
          'k6',
          'load',
        ].map((id) => [id, 'SUCCESS']),
      ),
    );
    expect(images.map(({ name }) => name)).toEqual([
      `europe-west1-docker.pkg.dev/test-project/slipway/api:${commit}`,
    ]);
    const revision = await cloud.run.revision('api', `api-${commit.slice(0, 7)}-${build.id.slice(0, 8)}`);
    expect(revision?.image).toBe(
      `europe-west1-docker.pkg.dev/test-project/slipway/api@${images[0]?.digest ?? ''}`,
    );
    expect(log).not.toContain('hello');
    expect(await cloud.list('test-project-slipway-artifacts')).toEqual([
      `api/${build.id}/image-size.junit.xml`,
      `api/${build.id}/image-size.md`,
      `api/${build.id}/integration.junit.xml`,
      `api/${build.id}/lint-dockerfile.junit.xml`,
      ...['junit.xml', 'md', 'sarif'].map((kind) => `api/${build.id}/security-image-scan.${kind}`),
      `api/${build.id}/security.junit.xml`,
      `api/${build.id}/security.md`,
      `api/${build.id}/security.sarif`,
      `api/${build.id}/sha256-${images[0]?.digest.slice(7) ?? ''}.cdx.json`,
      `api/${build.id}/sha256-${images[0]?.digest.slice(7) ?? ''}.provenance.json`,
      `api/${build.id}/summary.md`,
      `api/${build.id}/unit.junit.xml`,
    ]);
  }, 30_000);

  test('the second build has its packages and the layers of its first stage from the caches', async () => {
    cloud.repository.commit({ 'services/api/server.js': `${files['services/api/server.js']}// more\n` });
    const { build, log } = await cloud.built('main');
    expect(log).toContain('npm ci is not needed');
    expect(log).toMatch(/CACHED \[deps 4\/4\] RUN echo installed > installed/);
    expect(log).not.toMatch(/(?<!CACHED )\[deps 4\/4\]/);
    expect(build.status).toBe('SUCCESS');
  }, 30_000);

  test('failed gates: all of them run and are named, the reports are kept, nothing is deployed', async () => {
    const commit = cloud.repository.commit({
      'services/api/server.js': 'const broken = ;\n',
      'services/api/test/unit.test.js':
        "import test from 'node:test';\ntest('subtracts', () => { throw new Error('1 - 1 is 1'); });\n",
    });
    const { build, log } = await cloud.built('main');
    expect(steps(build)).toEqual({
      install: 'SUCCESS',
      lint: 'FAILURE',
      'lint-dockerfile': 'SUCCESS',
      typecheck: 'FAILURE',
      unit: 'FAILURE',
      integration: 'SUCCESS',
      security: 'SUCCESS',
      image: 'SUCCESS',
      'image-size': 'SUCCESS',
      'image-scan': 'SUCCESS',
      results: 'FAILURE',
      'await-turn': 'QUEUED',
      push: 'QUEUED',
      'push-cache': 'QUEUED',
      provenance: 'QUEUED',
      deploy: 'QUEUED',
      'smoke-tool': 'QUEUED',
      smoke: 'QUEUED',
      'load-plan': 'QUEUED',
      k6: 'QUEUED',
      load: 'QUEUED',
    });
    expect(log).toContain('failed: lint (exit 1), typecheck (exit 1), unit (exit 1).');
    expect(log).toMatch(
      /failed tests: 1\n.*subtracts\n.*at services\/api\/test\/unit\.test\.js:2\n.*1 - 1 is 1/,
    );
    expect(failureOf(build)).toContain('failed in lint (exit 1), typecheck (exit 1), unit (exit 1)');
    expect(await cloud.list('test-project-slipway-artifacts')).toContain(`api/${build.id}/unit.junit.xml`);
    const page = cloud.objects.get('test-project-slipway-artifacts', `api/${build.id}/summary.md`).toString();
    expect(page).toContain('**FAILED: lint (exit 1), typecheck (exit 1), unit (exit 1)**');
    expect(page).toMatch(/\| unit +\| \*\*FAILED\*\* \| .* \| `npm run gate -- api unit` \|/);
    expect(page).toMatch(/- `.*subtracts` at `services\/api\/test\/unit\.test\.js:2`: `1 - 1 is 1/);
    expect(log).toContain('again on your machine: npm run gate -- api unit');
    expect(log).toContain('gate unit: 1 failed, and up to 3 may be flaky: it runs once more, all of it');
    expect(
      await cloud.run.revision('api', `api-${commit.slice(0, 7)}-${build.id.slice(0, 8)}`),
    ).toBeUndefined();
  }, 30_000);

  test('checks.yaml: a Dockerfile that cannot be built fails the branch, and hides nothing', async () => {
    cloud.repository.commit({
      'services/api/server.js': files['services/api/server.js'],
      'services/api/test/unit.test.js': passingTest,
      'services/api/Dockerfile': `${files['services/api/Dockerfile']}COPY missing.js ./\n`,
    });
    const { build, log } = await cloud.built('feature');
    expect(steps(build)).toEqual({
      ...{
        install: 'SUCCESS',
        lint: 'SUCCESS',
        'lint-dockerfile': 'SUCCESS',
        typecheck: 'SUCCESS',
        unit: 'SUCCESS',
        integration: 'SUCCESS',
        security: 'SUCCESS',
      },
      ...{ image: 'FAILURE', 'image-size': 'SUCCESS', 'image-scan': 'SUCCESS', results: 'FAILURE' },
    });
    expect(log).toMatch(/failed: image \(exit \d+\)\./);
  }, 30_000);
});
