import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseJunit } from '../../../../scripts/builder/junit.ts';
import { smokeWith } from '../../../../scripts/builder/smoke.ts';
import { byRevision, fullName, runCloud, type RunCloud } from '../../../local/run/run-cloud.ts';
import { startHttpServer, type HttpServer } from '../../../support/http-server.ts';
import { until } from '../../../support/until.ts';
import { surroundings } from '../builder-surroundings.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const candidate = 'web-0123456-11111111';
const tag = 'c-0123456-11111111';

const pipelineYaml = `
project: test-project
region: europe-west1
repository: acme/shop
services:
  api: { folder: services/api, public: true }
  web: { folder: services/web, public: true, env: { API_URL: '\${services.api.url}' } }
`;

/** In the place of Playwright: writes down what it was told, fails when the specs say so, and leaves a report. */
const runner = `#!/usr/bin/env node
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const { BASE_URL, SMOKE_REVISION, SMOKE_TOKEN, SMOKE_REPORTS, CHROMIUM_PATH } = process.env;
const answer = await fetch(BASE_URL, { headers: SMOKE_TOKEN ? { 'x-serverless-authorization': 'Bearer ' + SMOKE_TOKEN } : {} });
mkdirSync(SMOKE_REPORTS + '/smoke', { recursive: true });
writeFileSync(SMOKE_REPORTS + '/smoke/told.json', JSON.stringify({
  args: process.argv.slice(2), status: answer.status, body: await answer.json().catch(() => ({})),
  SMOKE_REVISION, token: SMOKE_TOKEN !== undefined, CHROMIUM_PATH,
}));
process.exitCode = Number(readFileSync('web/exit-code', 'utf8'));
`;
const specsPackage = { name: 'specs', version: '1.0.0', dependencies: { runner: 'file:./runner' } };
const runnerPackage = { name: 'runner', version: '1.0.0', type: 'module', bin: { playwright: 'cli.js' } };
const specsLock = {
  ...{ name: 'specs', version: '1.0.0', lockfileVersion: 3, requires: true },
  packages: {
    '': specsPackage,
    'node_modules/runner': { resolved: 'runner', link: true },
    runner: { version: '1.0.0', bin: runnerPackage.bin },
  },
};

let run: RunCloud;
let metadata: HttpServer;
let folder = '';
const at = (...names: string[]): string => path.join(folder, ...names);
const reports = (...names: string[]): string => at('services/web/reports', ...names);

beforeAll(async () => {
  run = await runCloud();
  metadata = await startHttpServer((request, response) => {
    const audience = new URL(request.url ?? '', 'http://metadata').searchParams.get('audience') ?? '';
    response.end(run.cloud.context.identity.mint(audience, 'builder@example.com'));
  });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-smoke-'));
  await mkdir(at('specs/runner'), { recursive: true });
  await mkdir(at('specs/web'));
  await mkdir(reports('smoke'), { recursive: true });
  await writeFile(at('pipeline.yaml'), pipelineYaml);
  await writeFile(at('browser'), '');
  await writeFile(at('specs/package.json'), JSON.stringify(specsPackage));
  await writeFile(at('specs/package-lock.json'), JSON.stringify(specsLock));
  await writeFile(at('specs/runner/package.json'), JSON.stringify(runnerPackage));
  await writeFile(at('specs/runner/cli.js'), runner);
  await chmod(at('specs/runner/cli.js'), 0o755);
});
beforeEach(() => writeFile(at('specs/web/exit-code'), '0'));
afterAll(async () => {
  await metadata.close();
  await run.close();
  await rm(folder, { recursive: true, force: true });
});

async function smoke({ service = 'web', build = '11111111-aaaa', env = {} } = {}): Promise<{
  exitCode: number;
  text: string;
}> {
  const around = surroundings(folder, run.cloud.context.origin);
  const args = { service, environment: 'local', commit, build, specs: 'specs' };
  const command = smokeWith({
    CHROMIUM_PATH: at('browser'),
    GCE_METADATA_HOST: new URL(metadata.url).host,
    ...env,
  });
  const exitCode = await command.run(
    [
      ...Object.entries(args).map(([name, value]) => `--${name}=${value}`),
      '--cache=gs://cache',
      '--to=gs://artifacts/web/1',
    ],
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}

const open = (service: string, isOpen: boolean): Promise<unknown> =>
  run.services
    .updateService({
      service: { name: fullName(service), invokerIamDisabled: isOpen },
      updateMask: { paths: ['invoker_iam_disabled'] },
    })
    .then(([operation]) => operation.promise());

const told = async (): Promise<unknown> => JSON.parse(await readFile(reports('smoke/told.json'), 'utf8'));

describe('smoke', () => {
  test('a service without specs: says so, and no more', async () => {
    expect(await smoke({ service: 'api' })).toEqual({
      exitCode: 0,
      text: 'api has no browser smoke: there is no folder specs/api',
    });
    expect(existsSync(at('services/api'))).toBe(false);
  });

  test('without a browser it is skipped, everywhere by that word; what an earlier run left is gone', async () => {
    await writeFile(reports('smoke/trace.zip'), 'old');
    const { exitCode, text } = await smoke({ env: { CHROMIUM_PATH: '', PATH: '/nowhere' } });
    expect(exitCode).toBe(0);
    expect(text).toContain('smoke skipped: no browser here');
    expect(parseJunit(await readFile(reports('smoke.junit.xml'), 'utf8'))).toMatchObject([
      { name: 'web › browser smoke', outcome: 'skipped' },
    ]);
    expect(await readFile(reports('smoke.md'), 'utf8')).toContain('# Browser smoke: skipped\n\nNothing');
    expect(existsSync(reports('smoke'))).toBe(false);
    expect(await readFile(at('.slipway/gates/smoke'), 'utf8')).toMatch(/^skipped \d+\.\d no browser here/);
  });

  test('before the api is open no page can reach it: skipped', async () => {
    await run.deploy('api', {}, { invokerIamDisabled: false });
    const { exitCode, text } = await smoke();
    expect(exitCode).toBe(0);
    expect(text).toContain(
      'smoke skipped: closed to the public until the first release, so no page gets there: api',
    );
  });

  describe('with an api that is open', () => {
    beforeAll(async () => {
      await open('api', true);
      await run.deploy('web', {}, { invokerIamDisabled: false, template: { revision: candidate } });
      await run.route('web', [{ type: byRevision, revision: candidate, percent: 100, tag }]);
      await until(
        async () => (await run.get('web')).trafficStatuses?.some((status) => status.tag === tag) === true,
        'the tag has its address',
        15_000,
      );
    });

    test('the candidate is looked at behind its closed door, with a token that stays out of the log', async () => {
      const { exitCode, text } = await smoke();
      expect(text).toContain(`${candidate} is ready at http://127.0.0.1:`);
      expect(text).toContain('smoke passed');
      expect(text).not.toContain('Bearer');
      expect(exitCode).toBe(0);
      expect(await told()).toMatchObject({
        args: ['test', '--project', 'web'],
        status: 200,
        body: { revision: candidate },
        SMOKE_REVISION: candidate,
        token: true,
        CHROMIUM_PATH: at('browser'),
      });
      expect(await readFile(at('.slipway/gates/smoke'), 'utf8')).toMatch(/^0 \d/);
    });

    test('an open service needs no token; a failure fails the step, and says how to see it again', async () => {
      await open('web', true);
      await writeFile(at('specs/web/exit-code'), '1');
      const { exitCode, text } = await smoke();
      expect(exitCode).toBe(1);
      expect(text).toContain(`this build fails, and ${candidate} gets no traffic`);
      expect(text).toMatch(/BASE_URL=http:\S+ npx playwright test --config specs --project web/);
      expect(await told()).toMatchObject({ token: false, status: 200 });
      expect(await readFile(at('.slipway/gates/smoke'), 'utf8')).toMatch(/^1 \d/);
    });

    test('reports that cannot be kept do not change the outcome, and are mentioned', async () => {
      expect((await smoke()).text).toContain('reports are in gs://artifacts/web/1');
    });
  });

  test.each([
    [{ service: '../web' }, '--service must be the name of a service'],
    [{ env: { CHROMIUM_PATH: '/nowhere/chromium' } }, 'CHROMIUM_PATH names /nowhere/chromium'],
  ])('%j is refused', async (given, reason) => {
    await expect(smoke(given)).rejects.toThrow(reason);
  });
});
