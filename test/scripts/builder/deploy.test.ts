import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import {
  ask,
  byRevision,
  fullName,
  latest,
  repository,
  runCloud,
  type IService,
  type RunCloud,
} from '../../local/run/run-cloud.ts';
import { until } from '../../support/until.ts';
import { surroundings } from './builder-surroundings.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const image = `${repository}/web@sha256:${'ab'.repeat(32)}`;

const pipelineYaml = (api = ''): string => `
project: test-project
region: europe-west1
repository: acme/shop
services:
  api:
    folder: services/api
    public: true
    env: { MESSAGE: 'a value nobody may see', COMMIT: '\${commit}' }
    secrets: { TOKEN: api-token }
    startup: { deadlineSeconds: 10 }
${api}
  web:
    folder: services/web
    env: { API_URL: '\${services.api.url}' }
`;

let run: RunCloud;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-deploy-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Deployment {
  readonly service?: string;
  readonly build?: string;
  readonly image?: string;
  readonly environment?: string;
}

async function deploy({
  service = 'api',
  build = '11111111-aaaa',
  environment = 'local',
  ...given
}: Deployment = {}): Promise<{
  exitCode: number;
  text: string;
}> {
  const file = `image-${service}-${build}`;
  await writeFile(path.join(folder, file), `${given.image ?? image}\n`);
  const around = surroundings(folder, run.cloud.context.origin);
  const args = { service, environment, 'image-file': file, commit, build };
  const exitCode = await runBuilder(
    ['deploy', ...Object.entries(args).map(([name, value]) => `--${name}=${value}`)],
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}

const settled = async (service = 'api'): Promise<IService> => {
  await until(async () => (await run.get(service)).reconciling !== true, `${service} settles`, 15_000);
  return run.get(service);
};

/** What is asked of Cloud Run, in short. */
const traffic = ({ traffic: targets }: IService): string[] =>
  (targets ?? []).map(
    ({ type, revision, percent, tag }) =>
      `${type === latest ? 'latest' : (revision ?? '')} ${percent ?? 0}${tag ? ` ${tag}` : ''}`,
  );

describe('deploy', () => {
  beforeAll(async () => {
    run = await runCloud();
    run.secrets.set('projects/test-project/secrets/api-token/versions/latest', 'a secret');
    await writeFile(path.join(folder, 'pipeline.yaml'), pipelineYaml());
  });
  afterAll(() => run.close());

  test('the first revision of a service: all traffic, behind a closed door', async () => {
    const { exitCode, text } = await deploy();
    expect(text).toContain('candidate api-0123456-11111111\n');
    expect(text).toContain(`  image    ${image}\n`);
    expect(text).not.toContain('nobody may see');
    expect(exitCode).toBe(0);

    const service = await settled();
    expect(traffic(service)).toEqual([
      'api-0123456-11111111 100',
      'api-0123456-11111111 0 c-0123456-11111111',
    ]);
    expect(service.invokerIamDisabled ?? false).toBe(false);
    expect((await fetch(service.uri ?? '')).status).toBe(403);
    const [revision] = await run.revisions.getRevision({
      name: `${fullName('api')}/revisions/api-0123456-11111111`,
    });
    expect(revision.labels).toEqual({ 'commit-sha': commit, 'build-id': '11111111-aaaa' });
    expect(JSON.parse(revision.annotations?.['slipway.dev/policy'] ?? '')).toMatchObject({ public: true });
    // Opened, as rollout does it, so that the container can be asked what it was given.
    await run.services.updateService({
      service: { name: fullName('api'), invokerIamDisabled: true },
      updateMask: { paths: ['invoker_iam_disabled'] },
    });
    expect((await ask(service.uri)).env).toMatchObject({
      MESSAGE: 'a value nobody may see',
      TOKEN: 'a secret',
      COMMIT: commit,
    });
  });

  test('the same again changes nothing, and says the address', async () => {
    const before = await settled();
    const { exitCode, text } = await deploy();
    const tagged = before.trafficStatuses?.find(({ tag }) => tag === 'c-0123456-11111111');
    expect(text).toContain(`  address  ${tagged?.uri ?? 'none'}`);
    expect(exitCode).toBe(0);
    expect((await settled()).generation).toBe(before.generation);
  });

  test('a later revision gets an address and no traffic; whether the service is open stays as it was', async () => {
    expect((await deploy({ build: '22222222-aaaa' })).exitCode).toBe(0);
    const service = await settled();
    expect(traffic(service)).toEqual([
      'api-0123456-11111111 100',
      'api-0123456-11111111 0 c-0123456-11111111',
      'api-0123456-22222222 0 c-0123456-22222222',
    ]);
    expect(service.invokerIamDisabled).toBe(true);
    expect(await ask(service.uri)).toMatchObject({ revision: 'api-0123456-11111111' });
    const tagged = service.trafficStatuses?.find(({ tag }) => tag === 'c-0123456-22222222');
    expect(await ask(tagged?.uri)).toMatchObject({ revision: 'api-0123456-22222222' });
  });

  test('a revision whose tag was lost gets it back, and is not made again', async () => {
    await run.route('api', [{ type: byRevision, revision: 'api-0123456-11111111', percent: 100 }]);
    expect((await deploy({ build: '22222222-aaaa' })).exitCode).toBe(0);
    expect(traffic(await settled())).toContain('api-0123456-22222222 0 c-0123456-22222222');
    const [revisions] = await run.revisions.listRevisions({ parent: fullName('api') });
    expect(revisions).toHaveLength(2);
  });

  test('two builds that deploy at the same time both get their candidate', async () => {
    const both = await Promise.all(['33333333-aaaa', '44444444-aaaa'].map((build) => deploy({ build })));
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const targets = traffic(await settled());
    expect(targets).toContain('api-0123456-33333333 0 c-0123456-33333333');
    expect(targets).toContain('api-0123456-44444444 0 c-0123456-44444444');
    expect(targets).toContain('api-0123456-11111111 100');
  });

  test('a revision of that name with another image is no success', async () => {
    const { exitCode, text } = await deploy({ image: `${repository}/web@sha256:${'cd'.repeat(32)}` });
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /revision api-0123456-11111111 exists already and runs another image, .*: run a new build/,
    );
  });

  test('an address that does not exist yet is waited for', async () => {
    await run.services.deleteService({ name: fullName('api') }).then(([operation]) => operation.promise());
    const web = deploy({ service: 'web' });
    await deploy({ build: '55555555-aaaa' });
    const { exitCode, text } = await web;
    expect(exitCode).toBe(0);
    expect(text).toContain('waiting for the address of api: not deployed yet (0 s of 600 s)');
    const [api, served] = [await settled('api'), await settled('web')];
    expect(served.template?.containers?.[0]?.env).toMatchObject([{ name: 'API_URL', value: api.uri }]);
  });

  test('all traffic to the latest is pinned to the revision that serves', async () => {
    await run.services.deleteService({ name: fullName('api') }).then(([operation]) => operation.promise());
    const made = await run.deploy('api');
    expect(traffic(made)).toEqual(['latest 100']);
    const serves = made.latestReadyRevision?.split('/').at(-1) ?? '';
    expect((await deploy({ build: '66666666-aaaa' })).exitCode).toBe(0);
    expect(traffic(await settled())).toEqual([`${serves} 100`, 'api-0123456-66666666 0 c-0123456-66666666']);
  });

  test('after a first revision that failed, the next one is not held up by it', async () => {
    await run.services.deleteService({ name: fullName('api') }).then(([operation]) => operation.promise());
    await writeFile(
      path.join(folder, 'pipeline.yaml'),
      pipelineYaml('    port: 8081').replace('MESSAGE:', 'MODE: crash, MESSAGE:'),
    );
    expect((await deploy({ build: '77777777-aaaa' })).exitCode).toBe(0);
    expect(String((await settled()).terminalCondition?.state)).toMatch(/CONDITION_FAILED|3/);

    await writeFile(path.join(folder, 'pipeline.yaml'), pipelineYaml());
    expect((await deploy({ build: '88888888-aaaa' })).exitCode).toBe(0);
    const service = await settled();
    expect(traffic(service)).toEqual([
      'api-0123456-88888888 100',
      'api-0123456-88888888 0 c-0123456-88888888',
    ]);
    expect(String(service.terminalCondition?.state)).toMatch(/CONDITION_SUCCEEDED|4/);
  });

  test.each([
    [{ service: 'shop' }, 'pipeline.yaml has no service shop in local; it has api, web.'],
    [{ environment: 'produktion' }, 'pipeline.yaml cannot be used:\n'],
    [{ image: `${repository}/web:latest` }, 'not one image by digest'],
  ])('%j fails with a reason', async (deployment, reason) => {
    const { exitCode, text } = await deploy({ build: '99999999-aaaa', ...deployment });
    expect(exitCode).toBe(1);
    expect(text).toContain(reason);
  });
});
