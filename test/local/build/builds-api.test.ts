import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildCloud, submit, type BuildCloud } from './support.ts';

let world: BuildCloud;
beforeAll(async () => {
  world = await buildCloud();
});
afterAll(async () => {
  await world.close();
});

const projectId = 'test-project';
const quick = { steps: [{ name: 'ubuntu', args: ['true'] }] };

describe('operations', () => {
  test('a global build has an operation named as Google names it; it ends with the build', async () => {
    const [operation] = await world.client.createBuild({ projectId, build: quick });
    const id = (operation.metadata as { build?: { id?: string } } | null)?.build?.id ?? '';
    expect(operation.name).toBe(`operations/build/${projectId}/${Buffer.from(id).toString('base64')}`);
    const [build] = await operation.promise();
    expect(build).toMatchObject({ id, status: 3, projectId });
  });

  test('a regional one', async () => {
    const parent = `projects/${projectId}/locations/europe-west1`;
    const [operation] = await world.client.createBuild({ parent, projectId, build: quick });
    expect(operation.name).toMatch(`${parent}/operations/`);
    const [build] = await operation.promise();
    expect(build.name).toBe(`projects/123456789012/locations/europe-west1/builds/${build.id ?? ''}`);
    const [again] = await world.client.getBuild({ name: build.name ?? '', projectId, id: build.id ?? '' });
    expect(again.id).toBe(build.id);
    const elsewhere = await world.fetch(`/v1/projects/${projectId}/builds/${build.id ?? ''}`);
    expect(elsewhere.status).toBe(404);
  });

  test('a failed build is a failed operation', async () => {
    const [operation] = await world.client.createBuild({
      projectId,
      build: { steps: [{ name: 'ubuntu', args: ['false'] }] },
    });
    await expect(operation.promise()).rejects.toThrow('step exited with non-zero status: 1');
  });
});

describe('requests that are refused', () => {
  test.each<[name: string, build: object, message: RegExp]>([
    ['no steps', {}, /a build needs at least one step/],
    ['a substitution without a value', { steps: [{ name: '$_A' }] }, /steps\[0\]\.name: "_A" has no value/],
    [
      'a repository of Cloud Source Repositories',
      { ...quick, source: { repoSource: { repoName: 'r' } } },
      /source\.repoSource is not part of the local cloud/,
    ],
    ['KMS secrets', { ...quick, secrets: [{ kmsKeyName: 'k' }] }, /secrets is not part of the local cloud/],
  ])('%s', async (_, build, message) => {
    await expect(world.client.createBuild({ projectId, build })).rejects.toThrow(message);
  });

  test('an unknown build', async () => {
    await expect(world.client.getBuild({ projectId, id: 'none' })).rejects.toThrow('was not found');
  });

  test('a method that is not there says its name', async () => {
    const response = await world.fetch(`/v1/projects/${projectId}/locations/europe-west1/workerPools`);
    expect(response.status).toBe(501);
    expect(await response.text()).toContain('ListWorkerPools');
  });

  test('what a build carries as output is not taken as input', async () => {
    const id = await submit(world, {
      ...quick,
      status: 'FAILURE',
      logUrl: 'https://elsewhere',
      statusDetail: 'made up',
    });
    const build = await world.ended(id);
    expect(build.status).toBe('SUCCESS');
    expect(build.logUrl).toContain('127.0.0.1');
    expect(build.statusDetail).toBeUndefined();
  });
});

describe('lists', () => {
  test('newest first, by pages, filtered', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push(await submit(world, { ...quick, tags: ['paged', `n-${index}`] }));
    await Promise.all(ids.map((id) => world.ended(id)));
    const query = `filter=${encodeURIComponent('tags="paged"')}&pageSize=2`;
    const seen: string[] = [];
    let token = '';
    do {
      const response = await world.fetch(`/v1/projects/${projectId}/builds?${query}&pageToken=${token}`);
      const page = (await response.json()) as { builds: { id: string }[]; nextPageToken?: string };
      expect(page.builds.length).toBeLessThanOrEqual(2);
      seen.push(...page.builds.map(({ id }) => id));
      // What comes in front of the page meanwhile shifts nothing.
      if (token === '') await submit(world, { ...quick, tags: ['paged'] });
      token = page.nextPageToken ?? '';
    } while (token !== '');
    expect(seen).toEqual([...ids].reverse());
    const [filtered] = await world.client.listBuilds({
      projectId,
      filter: 'tags="n-3" AND status="SUCCESS"',
    });
    expect(filtered.map(({ id }) => id)).toEqual([ids[3]]);
    const bad = await world.fetch(`/v1/projects/${projectId}/builds?pageToken=xyz`);
    expect(bad.status).toBe(400);
    await expect(world.client.listBuilds({ projectId, filter: 'colour="red"' })).rejects.toThrow(
      '"colour" is no field of a build',
    );
  });
});

describe('pages', () => {
  test('the page behind logUrl shows the steps, escapes what it is given, and loads nothing from elsewhere', async () => {
    const id = await submit(world, {
      steps: [
        { name: 'ubuntu', id: '<script>alert(1)</script>', args: ['sh', '-c', 'echo "<b>bold</b>"; exit 2'] },
      ],
    });
    const build = await world.ended(id);
    const response = await fetch(build.logUrl);
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    const policy = response.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(page).toContain(`<script nonce="${nonce}">`);
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).not.toContain('<script>alert');
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(page).toContain('Failed');
    expect(page).toContain('exit code 2');
    expect(page).toContain('step exited with non-zero status: 2');
    const progress = await world.fetch(`/cloud-build/progress/${id}`);
    expect(progress.headers.get('x-build-ended')).toBe('true');
    expect(page).toContain(await progress.text());
  });

  test('a log that is followed ends with the build', async () => {
    const id = await submit(world, {
      steps: [{ name: 'ubuntu', args: ['sh', '-c', 'echo one; sleep 0.2; echo two'] }],
    });
    const followed = await (await world.fetch(`/cloud-build/logs/${id}?follow=1`)).text();
    expect(followed).toContain('Step #0: one\nStep #0: two\nFinished Step #0\nDONE\n');
    expect(followed).toBe(await world.logOf(id));
  });

  test('an unknown build has no page', async () => {
    expect((await world.fetch('/cloud-build/builds;region=global/none')).status).toBe(404);
    expect((await world.fetch('/cloud-build/logs/..%2F..%2Fx')).status).toBe(404);
  });
});

const gcloud = spawnSync('gcloud', ['--version'], { encoding: 'utf8' });
if (gcloud.error) console.log('gcloud is not installed: the test that drives it is skipped');

(gcloud.error ? describe.skip : describe)('the real gcloud', () => {
  const config = mkdtempSync(path.join(tmpdir(), 'slipway-gcloud-'));
  afterAll(() => {
    if (existsSync(config)) rmSync(config, { recursive: true });
  });
  const run = async (...args: string[]): Promise<unknown> => {
    const child = spawn('gcloud', [...args, '--format=json'], {
      env: {
        PATH: process.env.PATH,
        HOME: config,
        CLOUDSDK_CONFIG: config,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDBUILD: `${world.cloud.context.origin}/`,
        CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
        CLOUDSDK_CORE_PROJECT: projectId,
        CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
      },
    });
    let out = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const [code] = (await once(child, 'close')) as [number];
    if (code !== 0) throw new Error(errors);
    return JSON.parse(out);
  };

  test('lists triggers and builds, and describes a build', async () => {
    const trigger = {
      name: 'seen',
      github: { owner: 'acme', name: 'shop', push: { branch: 'x' } },
      filename: 'c.yaml',
    };
    await world.client.createBuildTrigger({ projectId, trigger });
    const id = await submit(world, { ...quick, tags: ['for-gcloud'] });
    await world.ended(id);
    const [triggers, builds, build] = await Promise.all([
      run('builds', 'triggers', 'list'),
      run('builds', 'list', '--filter=tags=for-gcloud AND status=SUCCESS'),
      run('builds', 'describe', id),
    ]);
    expect(triggers).toEqual([expect.objectContaining({ name: 'seen' })]);
    expect(builds).toEqual([expect.objectContaining({ id })]);
    expect(build).toMatchObject({ id, status: 'SUCCESS', tags: ['for-gcloud'] });
  }, 30_000);
});
