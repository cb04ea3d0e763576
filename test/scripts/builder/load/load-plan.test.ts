import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readLoadPlan, writeLoadPlan } from '../../../../scripts/builder/load/load-plan-file.ts';
import { loadPlanWith } from '../../../../scripts/builder/load-plan.ts';
import { byRevision, fullName, runCloud, type RunCloud } from '../../../local/run/run-cloud.ts';
import { startHttpServer, type HttpServer } from '../../../support/http-server.ts';
import { until } from '../../../support/until.ts';
import { surroundings } from '../builder-surroundings.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';
const candidate = 'api-0123456-11111111';
const tag = 'c-0123456-11111111';
const pipelineYaml = `
project: test-project
region: europe-west1
repository: acme/shop
services:
  api: { folder: services/api }
  web: { folder: services/web }
`;

let run: RunCloud;
let metadata: HttpServer;
let folder = '';
const at = (...names: string[]): string => path.join(folder, ...names);

beforeAll(async () => {
  run = await runCloud();
  metadata = await startHttpServer((request, response) => {
    const audience = new URL(request.url ?? '', 'http://metadata').searchParams.get('audience') ?? '';
    response.end(run.cloud.context.identity.mint(audience, 'builder@example.com'));
  });
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-load-'));
  await mkdir(at('test/k6'), { recursive: true });
  await writeFile(at('test/k6/api.ts'), '');
  await writeFile(at('pipeline.yaml'), pipelineYaml);
});
afterAll(async () => {
  await metadata.close();
  await run.close();
  await rm(folder, { recursive: true, force: true });
});

async function plan(service = 'api'): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder, run.cloud.context.origin);
  const args = { service, environment: 'local', commit, build: '11111111-aaaa', scripts: 'test/k6' };
  const exitCode = await loadPlanWith({ GCE_METADATA_HOST: new URL(metadata.url).host }).run(
    Object.entries(args).map(([name, value]) => `--${name}=${value}`),
    around,
  );
  return { exitCode, text: around.printed.join('\n') };
}

/** As the step of k6 reads it. */
const told = (...names: string[]): string[] =>
  execFileSync(
    'sh',
    [
      '-c',
      `set -a; . ./.slipway/load/env; node -p 'process.argv.slice(1).map((n) => process.env[n] ?? "-").join("\\n")' "$@"`,
      'sh',
      ...names,
    ],
    { cwd: folder, encoding: 'utf8' },
  )
    .trimEnd()
    .split('\n');

describe('load-plan', () => {
  test('a service without a script: says so, and takes away what an earlier run has left', async () => {
    await writeLoadPlan(
      folder,
      { script: 'old.ts', revision: 'old', url: 'http://old', profile: 'local' },
      { BASE_URL: 'http://old', LOAD_SCRIPT: 'old.ts', PROFILE: 'local', TOKEN: undefined },
    );
    expect(await plan('web')).toEqual({
      exitCode: 0,
      text: 'web has no load test: there is no file test/k6/web.ts',
    });
    expect(existsSync(at('.slipway/load'))).toBe(false);
  });

  test('k6 is told the address of the tag; a closed service comes with a token, which stays out of the log', async () => {
    await run.deploy('api', {}, { invokerIamDisabled: false, template: { revision: candidate } });
    await run.route('api', [{ type: byRevision, revision: candidate, percent: 100, tag }]);
    await until(
      async () => (await run.get('api')).trafficStatuses?.some((status) => status.tag === tag) === true,
      'the tag has its address',
      15_000,
    );
    const closed = await plan();
    expect(closed.exitCode).toBe(0);
    expect(closed.text).toMatch(
      /^api-0123456-11111111 is ready at (http:\S+); k6 asks it as test\/k6\/api\.ts says, profile local$/,
    );
    const [url = '', script, profile, token = ''] = told('BASE_URL', 'LOAD_SCRIPT', 'PROFILE', 'TOKEN');
    expect([script, profile]).toEqual(['test/k6/api.ts', 'local']);
    expect(await readLoadPlan(folder)).toEqual({
      script: 'test/k6/api.ts',
      revision: candidate,
      url,
      profile: 'local',
    });
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(url, { headers })).status;
    expect(await ask({})).toBe(403);
    expect(await ask({ 'x-serverless-authorization': `Bearer ${token}` })).toBe(200);
    expect(closed.text).not.toContain(token);
    // The image of k6 has a user of its own, which leaves its figures there.
    expect((await stat(at('.slipway/load'))).mode & 0o777).toBe(0o777);

    await run.services
      .updateService({
        service: { name: fullName('api'), invokerIamDisabled: true },
        updateMask: { paths: ['invoker_iam_disabled'] },
      })
      .then(([operation]) => operation.promise());
    await plan();
    expect(told('TOKEN')).toEqual(['-']);
  });

  test('a shell reads each value as it is', async () => {
    const url = `http://a/?b='c'&d=$HOME\`e\` f`;
    await writeLoadPlan(
      folder,
      { script: 's', revision: 'r', url, profile: 'p' },
      { BASE_URL: url, LOAD_SCRIPT: 's', PROFILE: 'p', TOKEN: undefined },
    );
    expect(told('BASE_URL')).toEqual([url]);
    expect(await readFile(at('.slipway/load/env'), 'utf8')).not.toContain('TOKEN');
  });

  test('what is no name of a service is refused', async () => {
    await expect(plan('../api')).rejects.toThrow('--service must be the name of a service');
  });
});
