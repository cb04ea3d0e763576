import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { handlePushHint, type PushPorts } from '../../functions/build-status/handle-push.ts';
import { openBuilds } from '../../functions/platform/cloud-build.ts';
import { openBucket } from '../../functions/platform/cloud-storage.ts';
import { openGitHub } from '../../functions/platform/github.ts';
import { createBuildRoom } from '../../local/build/build-room.ts';
import { ApiError } from '../../local/core/api-error.ts';
import { createGitHubRoom } from '../../local/github/github-room.ts';
import { createImagesRoom } from '../../local/images/images-room.ts';
import { createStorageRoom } from '../../local/storage/storage-room.ts';
import { loadPipeline } from '../../scripts/pipeline/load.ts';
import { setUpTriggers } from '../../scripts/setup/triggers.ts';
import { setupCloud, type SetupCloud } from '../scripts/setup/setup-cloud.ts';
import { until } from '../support/until.ts';

/* Trap 30 against the local GitHub and Cloud Build, with the triggers that setup makes, and through the real clients. */

const run = promisify(execFile);
const node = 'node:24-slim';
const checks = `steps: [{ id: fine, name: '${node}', entrypoint: 'true' }]\noptions: { logging: CLOUD_LOGGING_ONLY }\n`;
const loaded = loadPipeline(
  'project: test-project\nregion: europe-west1\nrepository: acme/shop\nservices:\n  api: { folder: services/api }\n  web: { folder: services/web }\n',
  { file: 'pipeline.yaml', environment: 'local' },
);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
const { pipeline } = loaded;

/** Git takes it, so the question for its builds has to. */
const topic = 'docs/say-"hello"';

let setup: SetupCloud;
let work: string;
let ports: PushPorts;

beforeAll(async () => {
  work = mkdtempSync(path.join(tmpdir(), 'slipway-unaffected-'));
  setup = await setupCloud(({ context }) => {
    const github = createGitHubRoom(context);
    const storage = createStorageRoom(context);
    const images = createImagesRoom(context);
    const builds = createBuildRoom(
      context,
      {
        publisher: { publish: () => undefined },
        secrets: {
          access: (name) => {
            throw new ApiError('NOT_FOUND', `${name} does not exist`);
          },
        },
        storage: storage.objects,
        images: { ...images.images, shimFolder: images.shimFolder },
        git: github.git,
        log: { write: () => undefined },
      },
      { concurrency: 1 },
    );
    return [storage.room, images.room, builds.room, github.room];
  });
  const { origin } = setup.cloud.context;
  const { api } = setup.target();
  await fetch(`${origin}/storage/v1/b?project=test-project`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'test-project-slipway' }),
  });
  ports = {
    builds: openBuilds(api, 'test-project', 'europe-west1'),
    bucket: openBucket(api, 'test-project-slipway'),
    github: openGitHub({
      apiUrl: origin,
      token: 'anything',
      repository: { owner: 'acme', name: 'shop' },
    }),
    repository: 'acme/shop',
    log: () => undefined,
    now: () => new Date(),
  };
}, 60_000);
afterAll(async () => {
  await setup.cloud.close();
  rmSync(work, { recursive: true, force: true });
});

const git = async (...args: string[]): Promise<string> =>
  (
    await run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: work,
      env: { PATH: process.env.PATH, HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
    })
  ).stdout.trim();

/** Commits and pushes files; the commit. */
async function push(branch: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(work, name)), { recursive: true });
    writeFileSync(path.join(work, name), text);
  }
  await git('add', '.');
  await git('commit', '-q', '-m', `change ${Object.keys(files).join(' ')}`);
  await git('push', '-q', `${setup.cloud.context.origin}/acme/shop.git`, `HEAD:refs/heads/${branch}`);
  return git('rev-parse', 'HEAD');
}

/** Triggers of the builds of a commit, once they all have ended. */
async function built(commit: string, count: number): Promise<string[]> {
  let names: string[] = [];
  await until(
    async () => {
      const builds = await ports.builds.ofCommit(commit);
      names = builds.map(({ substitutions }) => substitutions.TRIGGER_NAME ?? '');
      return builds.length === count && builds.every(({ status }) => status === 'SUCCESS');
    },
    `${count} builds of ${commit}`,
    30_000,
  );
  return names.sort();
}

const tell = (): Promise<void> => handlePushHint(ports, { tick: new Date().toISOString() });
async function statusesOf(commit: string): Promise<string[]> {
  const url = `${setup.cloud.context.origin}/repos/acme/shop/commits/${commit}/status`;
  const { statuses } = (await (await fetch(url)).json()) as {
    statuses: { context: string; state: string; description: string }[];
  };
  return statuses.map(({ context, state, description }) => `${context} ${state}: ${description}`).sort();
}

test('setup makes the trigger for every push; a second run changes nothing, a new image does', async () => {
  const image = `${node}@sha256:${'a'.repeat(64)}`;
  await setUpTriggers(setup.target(pipeline), image);
  expect(setup.noted().sort()).toEqual(
    ['api-checks', 'api-release', 'slipway-push', 'web-checks', 'web-release'].map(
      (name) => `created trigger ${name}`,
    ),
  );
  await setUpTriggers(setup.target(pipeline), image);
  expect(setup.noted()).toEqual([]);
  await setUpTriggers(setup.target(pipeline), node);
  expect(setup.noted()).toContain('updated trigger slipway-push');
  await setUpTriggers(setup.target(pipeline), node);
  expect(setup.noted()).toEqual([]);
});

test('trap 30: services that path filters skip are reported, also when no trigger of a service fires', async () => {
  await git('init', '-q', '-b', 'main');
  const main = await push('main', {
    'cloudbuild/checks.yaml': checks,
    'cloudbuild/release.yaml': checks,
    'pipeline.yaml': '',
  });
  expect(await built(main, 2)).toEqual(['api-release', 'web-release']);

  const docs = await push(topic, { 'docs/a.md': 'a' });
  expect(await built(docs, 1)).toEqual(['slipway-push']);
  await tell();
  expect(await statusesOf(docs)).toEqual([
    'slipway/api/checks success: Not affected by this push',
    'slipway/web/checks success: Not affected by this push',
  ]);

  const api = await push(topic, { 'services/api/a.ts': 'a' });
  expect(await built(api, 2)).toEqual(['api-checks', 'slipway-push']);
  await tell();
  expect(await statusesOf(api)).toEqual([
    `slipway/web/checks success: Not affected by this push: passed at ${docs.slice(0, 7)}`,
  ]);

  // Cloud Build leaves out what is no push, and pages end where nobody asks for more.
  const pushed = await ports.builds.createdSince(new Date(0), { _PURPOSE: 'push' });
  expect(pushed.map(({ commit }) => commit)).toEqual([api, docs]);
  for await (const { commit } of ports.builds.ofBranch(topic, { _PURPOSE: 'push' })) {
    expect(commit).toBe(api);
    break;
  }

  // The released branch: nobody awaits checks there.
  const merged = await push('main', { 'docs/b.md': 'b' });
  expect(await built(merged, 1)).toEqual(['api-release']);
  await tell();
  expect(await statusesOf(merged)).toEqual([]);
}, 60_000);
