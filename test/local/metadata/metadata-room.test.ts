import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { createMetadataRoom } from '../../../local/metadata/metadata-room.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';

const run = promisify(execFile);
const account = '123456789012-compute@developer.gserviceaccount.com';

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createMetadataRoom(cloud.context).room]);
});
afterAll(() => cloud.close());

const get = (
  url: string,
  headers: Record<string, string> = { 'metadata-flavor': 'Google' },
): Promise<Response> => fetch(`${cloud.context.origin}/computeMetadata/v1/${url}`, { headers });

describe('values', () => {
  test.each([
    ['project/project-id', 'test-project'],
    ['project/numeric-project-id', '123456789012'],
    ['instance/region', 'projects/123456789012/regions/europe-west1'],
    ['instance/zone', 'projects/123456789012/zones/europe-west1-1'],
    ['instance/service-accounts/', `default/\n${account}/\n`],
    ['instance/service-accounts/default/email', account],
    [`instance/service-accounts/${account}/email`, account],
    ['universe/universe-domain', 'googleapis.com'],
    ['', 'instance/\nproject/\nuniverse/\n'],
  ])('%s', async (url, expected) => {
    const answer = await get(url);
    expect(await answer.text()).toBe(expected);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('metadata-flavor')).toBe('Google');
    expect(answer.headers.get('content-type')).toBe('application/text');
  });

  test('recursive', async () => {
    const scopes = ['https://www.googleapis.com/auth/cloud-platform'];
    expect(await (await get('instance/service-accounts/default/?recursive=true')).json()).toEqual({
      aliases: ['default'],
      email: account,
      scopes,
    });
    expect(await (await get('project/?recursive=true')).json()).toEqual({
      numericProjectId: 123456789012,
      projectId: 'test-project',
    });
  });

  test('identity tokens are for their audience and verified by this cloud', async () => {
    const token = await (
      await get('instance/service-accounts/default/identity?audience=https://web&format=full')
    ).text();
    expect(cloud.context.identity.verify(token)).toEqual({ aud: 'https://web', email: account });
  });
});

describe('refusals', () => {
  test.each<[string, string, Record<string, string>, number]>([
    ['no flavor', 'project/project-id', {}, 403],
    ['another flavor', 'project/project-id', { 'metadata-flavor': 'Amazon' }, 403],
    [
      'a forwarded request',
      'project/project-id',
      { 'metadata-flavor': 'Google', 'x-forwarded-for': '1.2.3.4' },
      403,
    ],
    ['no audience', 'instance/service-accounts/default/identity', { 'metadata-flavor': 'Google' }, 400],
    ['an unknown value', 'instance/name', { 'metadata-flavor': 'Google' }, 404],
    ['what every object has', 'constructor/name', { 'metadata-flavor': 'Google' }, 404],
    ['something below a value', 'project/project-id/x', { 'metadata-flavor': 'Google' }, 404],
  ])('%s', async (_, url, headers, status) => {
    const answer = await get(url, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('metadata-flavor')).toBe('Google');
  });
});

test('it tells that it is there without being asked by the header', async () => {
  const answer = await fetch(`${cloud.context.origin}/computeMetadata/`);
  expect(answer.headers.get('metadata-flavor')).toBe('Google');
});

test('the official library finds project, access token and identity token by itself', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'slipway-metadata-'));
  const script = `
    import { Compute, GoogleAuth } from 'google-auth-library';
    const auth = new GoogleAuth();
    const [project, token, headers] = [
      await auth.getProjectId(), await auth.getAccessToken(),
      await (await auth.getIdTokenClient('https://web')).getRequestHeaders(),
    ];
    const identity = await new Compute().fetchIdToken('https://api');
    console.log(JSON.stringify({ project, token, bearer: headers.get('authorization'), identity }));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...cloud.context.processEnvironment(home) },
  });
  rmSync(home, { recursive: true });
  const seen = JSON.parse(stdout) as { project: string; token: string; bearer: string; identity: string };
  expect(seen.project).toBe('test-project');
  expect(seen.token).toMatch(/^ya29\./);
  expect(cloud.context.identity.verify(seen.bearer.replace('Bearer ', ''))?.aud).toBe('https://web');
  expect(cloud.context.identity.verify(seen.identity)).toEqual({ aud: 'https://api', email: account });
});
