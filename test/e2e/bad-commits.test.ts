import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { BuildView, Snapshot } from '../../scripts/watch/snapshot.ts';
import { allEnded } from '../../scripts/watch/summary.ts';
import { createFixtureRepo, type FixtureRepo, type Mode } from './support/fixture-repo.ts';
import { loadAddress } from './support/load.ts';
import { commandLines, processesOf } from './support/processes.ts';
import { forget, startSlipway, type Slipway } from './support/slipway.ts';

/** What is wrong with a commit, which status has to say so, and in which words. Each is a service of its own. */
const cases: readonly [mode: Mode, context: 'build' | 'verify', says: RegExp][] = [
  ['does-not-build', 'build', /^The build failed in image \(exit \d+\)/],
  ['failing-test', 'build', /^The build failed in unit \(exit 1\)/],
  ['crashes-at-start', 'verify', /^Unhealthy: crashed at start \(TypeError, exit 1\)$/],
  ['never-listens', 'verify', /^Unhealthy: never listened on PORT=\d+ within the startup time$/],
  [
    'wrong-port',
    'verify',
    /^Unhealthy: listens on the wrong port: its log says \d+, Cloud Run gave it PORT=\d+$/,
  ],
  [
    'answers-500',
    'verify',
    /^Unhealthy: health check \/health answered 500 instead of 200 \(\d+ times\) within 6 s$/,
  ],
  [
    'answers-nothing',
    'verify',
    /^Unhealthy: health check \/health did not answer within 2 s \(\d+ times\) within 6 s$/,
  ],
  [
    'missing-variable',
    'verify',
    /^Unhealthy: crashed at start \(exit 1\): environment variable NOT_THERE is not set$/,
  ],
  [
    'dies-after-five-seconds',
    'verify',
    /^Unhealthy: died while it was watched: the container ended by itself with exit 7/,
  ],
];
const names = cases.map(([mode]) => mode);

let repo: FixtureRepo;
let slipway: Slipway;
let good: Snapshot;
let bad: Snapshot;
const answers = new Map<string, Map<string, number>>();
let seenCommandLines = '';

const viewOf = (snapshot: Snapshot, service: string): BuildView => {
  const view = snapshot.builds.find((build) => build.service === service);
  if (!view) throw new Error(`no build of ${service}`);
  return view;
};

beforeAll(async () => {
  repo = createFixtureRepo(names, {
    services: {
      'never-listens': { startup: { deadlineSeconds: 6 } },
      'wrong-port': { startup: { deadlineSeconds: 6 } },
      'answers-500': { health: { deadlineSeconds: 6 } },
      'answers-nothing': { health: { timeoutSeconds: 2, deadlineSeconds: 6 } },
      'dies-after-five-seconds': { health: { watchSeconds: 6 } },
    },
  });
  const first = repo.commit(Object.fromEntries(names.map((name) => [name, 'good'])), 'all good');
  slipway = await startSlipway({ repo: repo.folder });
  await slipway.delivered;
  good = await slipway.until(first, allEnded);

  const loads = good.builds.map(({ service, url }) => ({ service, load: loadAddress(url, 10) }));
  const second = repo.commit(Object.fromEntries(cases.map(([mode]) => [mode, mode])), 'all bad');
  repo.push(slipway.session.origin);
  bad = await slipway.until(second, (snapshot) => {
    seenCommandLines += commandLines();
    return snapshot.builds.length === names.length && allEnded(snapshot);
  });
  for (const { service, load } of loads) answers.set(service, await load.stop());
  // The last words reach GitHub after the record.
  bad = await slipway.until(second, ({ statuses }) =>
    cases.every(([mode, context]) =>
      statuses.some(
        (status) => status.context === `slipway/${mode}/${context}` && status.state === 'failure',
      ),
    ),
  );
}, 300_000);

afterAll(async () => {
  await slipway.stop();
  forget(slipway.stateFolder);
  repo.remove();
}, 60_000);

test('a good commit goes live, and its statuses say so', () => {
  for (const name of names) {
    expect(viewOf(good, name)).toMatchObject({
      percent: 100,
      release: { stage: 'live', verdict: { verdict: 'healthy' } },
    });
    const states = good.statuses
      .filter(({ context }) => context.startsWith(`slipway/${name}/`))
      .map(({ context, state }) => `${context} ${state}`);
    expect(states).toEqual(['build', 'rollout', 'verify'].map((stage) => `slipway/${name}/${stage} success`));
  }
});

describe.each(cases)('a commit that %s', (mode, context, says) => {
  test('is caught, and the GitHub status says which it is', () => {
    const status = bad.statuses.find((candidate) => candidate.context === `slipway/${mode}/${context}`);
    expect(status).toMatchObject({ state: 'failure', description: expect.stringMatching(says) });
    expect(status?.targetUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
  });

  test('is failed in the record, with the reason', () => {
    const { release } = viewOf(bad, mode);
    expect(release?.stage).toBe('failed');
    const reason = release?.history.at(-1)?.reason ?? '';
    const description =
      bad.statuses.find((candidate) => candidate.context === `slipway/${mode}/${context}`)?.description ?? '';
    expect(description.toLowerCase()).toContain(
      reason
        .replace(/^the build /, '')
        .slice(0, 60)
        .toLowerCase(),
    );
  });

  test('gets no request at the address of the service, and the earlier revision goes on serving', async () => {
    const revision = viewOf(good, mode).release?.candidate?.revision ?? '';
    expect([...(answers.get(mode) ?? new Map()).keys()]).toEqual([`200 ${revision}`]);
    const { serving, record } = await slipway.viewer.service(mode);
    expect(serving).toEqual([expect.objectContaining({ revision, percent: 100 })]);
    expect(record.stable?.revision).toBe(revision);
  });
});

test('where a status leads there is something to read', async () => {
  for (const { context, targetUrl } of bad.statuses) {
    const response = await fetch(targetUrl);
    expect([context, response.status]).toEqual([context, 200]);
    expect((await response.text()).length).toBeGreaterThan(100);
  }
});

test('secrets appear in no log, no status, no record and no process list', async () => {
  const client = new SecretManagerServiceClient(slipway.session.api.clientOptions);
  const [version] = await client.accessSecretVersion({
    name: 'projects/fixture-project/secrets/top-secret/versions/latest',
  });
  await client.close();
  const secret = Buffer.from(version.payload?.data ?? '').toString('utf8');
  expect(secret.length).toBeGreaterThan(20);
  const forms = [secret, Buffer.from(secret).toString('base64').slice(0, -4)];
  const found = (text: string): boolean => forms.some((form) => text.includes(form));

  expect(found(seenCommandLines)).toBe(false);
  expect(found(JSON.stringify([good, bad, slipway.events]))).toBe(false);
  const places = filesBelow(slipway.stateFolder)
    .filter((file) => !path.relative(slipway.stateFolder, file).startsWith('secrets'))
    .filter((file) => found(readFileSync(file, 'latin1')));
  expect(places).toEqual([]);
  // The search itself works: there is one place where secrets are kept, and the steps did print them.
  expect(
    filesBelow(path.join(slipway.stateFolder, 'secrets')).some((file) => found(readFileSync(file, 'latin1'))),
  ).toBe(true);
  expect(await (await fetch(logTextUrl(viewOf(good, 'failing-test').build.logUrl))).text()).toContain(
    'the secret is ',
  );
});

const logTextUrl = (logUrl: string): string => {
  const url = new URL(logUrl);
  return `${url.origin}/cloud-build/logs/${url.pathname.split('/').at(-1) ?? ''}`;
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

test('Ctrl-C ends everything', async () => {
  expect(processesOf(slipway.stateFolder).length).toBeGreaterThan(3);
  expect(await slipway.stop()).toBe(0);
  expect(processesOf(slipway.stateFolder)).toEqual([]);
}, 60_000);
