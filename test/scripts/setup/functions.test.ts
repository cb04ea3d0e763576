import { afterAll, beforeAll, expect, test } from '@jest/globals';
import path from 'node:path';
import { createFunctionsRoom } from '../../../local/functions/functions-room.ts';
import { createSecretsRoom } from '../../../local/secrets/secrets-room.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { setUpFunctions } from '../../../scripts/setup/functions.ts';
import { setUpSecrets } from '../../../scripts/setup/secrets.ts';
import { setUpStorage } from '../../../scripts/setup/storage.ts';
import { setupCloud, type SetupCloud } from './setup-cloud.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

let setup: SetupCloud;
beforeAll(async () => {
  setup = await setupCloud(({ context }) => {
    const storage = createStorageRoom(context);
    const secrets = createSecretsRoom(context);
    const links = { objects: storage.objects, secrets: secrets.secrets, log: { write: () => undefined } };
    return [storage.room, secrets.room, createFunctionsRoom(context, links).room];
  });
});
afterAll(async () => {
  await setup.cloud.close();
});

interface ServiceConfig {
  readonly environmentVariables: Readonly<Record<string, string>>;
  readonly secretEnvironmentVariables?: readonly { readonly key: string; readonly secret: string }[];
}

async function configOf(id: string): Promise<ServiceConfig> {
  const { api } = setup.target();
  const name = `/v2/projects/test-project/locations/europe-west1/functions/${id}`;
  const response = await api.request('cloudfunctions', name);
  return ((await response.json()) as { serviceConfig: ServiceConfig }).serviceConfig;
}

test('every function runs, with the variables of telemetry and the commit that these name; a second run changes nothing', async () => {
  const target = {
    ...setup.target({
      functions: { env: { OTEL_TRACES_SAMPLER: 'always_on' }, secrets: { SENTRY_DSN: 'dsn' } },
    }),
    githubToken: 'token',
    inventSecrets: true,
  };
  await setUpStorage(target);
  await setUpSecrets(target);
  await setUpFunctions(target, root);
  expect(setup.noted()).toContain('created function slipway-build-status');
  const config = await configOf('slipway-build-status');
  expect(config.environmentVariables).toMatchObject({
    SLIPWAY_PROJECT: 'test-project',
    OTEL_TRACES_SAMPLER: 'always_on',
    COMMIT_SHA: expect.stringMatching(/^[0-9a-f]{40}$/),
    NODE_OPTIONS: '--enable-source-maps',
  });
  expect(config.secretEnvironmentVariables?.map(({ key, secret }) => [key, secret])).toEqual([
    ['GITHUB_TOKEN', 'slipway-github-token'],
    ['SENTRY_DSN', 'dsn'],
  ]);
  expect((await configOf('slipway-tick')).secretEnvironmentVariables?.map(({ key }) => key)).toEqual([
    'SENTRY_DSN',
  ]);
  await setUpFunctions(target, root);
  expect(setup.noted()).toEqual([]);
}, 60_000);

test('without them nothing says which commit it is, so that another commit changes nothing', async () => {
  await setUpFunctions({ ...setup.target(), githubToken: 'token' }, root);
  expect(setup.noted()).toContain('updated function slipway-tick');
  expect(Object.keys((await configOf('slipway-tick')).environmentVariables).sort()).toEqual([
    'SLIPWAY_BUCKET',
    'SLIPWAY_PROJECT',
    'SLIPWAY_REGION',
    'SLIPWAY_REPOSITORY',
  ]);
}, 60_000);
