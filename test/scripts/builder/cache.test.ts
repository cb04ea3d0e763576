import { readFileSync } from 'node:fs';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { validateBuildConfig } from '../../../local/build/validate-build-config.ts';
import { createStorageRoom } from '../../../local/storage/storage-room.ts';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { testCloud, type TestCloud } from '../../support/cloud-context.ts';
import { surroundings } from './builder-surroundings.ts';

/* The cache steps as they stand in cloudbuild/flutter.yaml, run by the builder itself. */

const bucket = 'p-slipway-cache';
const file = path.resolve(import.meta.dirname, '../../../cloudbuild/flutter.yaml');

const config = validateBuildConfig(readFileSync(file, 'utf8'), { file });
if ('errors' in config) throw new Error(JSON.stringify(config.errors));
const { steps = [], substitutions = {} } = config.build;

let cloud: TestCloud;
beforeAll(async () => {
  cloud = await testCloud();
  await cloud.serve([createStorageRoom(cloud.context).room]);
});
afterAll(() => cloud.close());

const storage = async (pathname: string, method = 'GET', body?: string): Promise<unknown> => {
  const response = await fetch(`${cloud.context.origin}${pathname}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { 'content-type': 'application/json' },
  });
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
};
const cached = async (): Promise<string[]> => {
  const listed = (await storage(`/storage/v1/b/${bucket}/o`)) as { items?: { name: string }[] };
  return (listed.items ?? []).map(({ name }) => name);
};

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-cache-'));
  await storage('/storage/v1/b?project=test-project', 'POST', JSON.stringify({ name: bucket }));
  await write('app/pubspec.lock', 'packages: {}\n');
});
afterEach(async () => {
  for (const name of await cached())
    await storage(`/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}`, 'DELETE');
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, content: string): Promise<void> {
  await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  await writeFile(path.join(folder, name), content);
}
const exists = (name: string): Promise<boolean> =>
  access(path.join(folder, name)).then(
    () => true,
    () => false,
  );

async function step(id: string, changes: Record<string, string> = {}, endpoint = cloud.context.origin) {
  const values: Record<string, string> = { ...substitutions, _FOLDER: 'app', PROJECT_ID: 'p', ...changes };
  const args = steps
    .find((each) => each.id === id)
    ?.args?.map((arg) => arg.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values[name] ?? ''));
  const around = surroundings(folder, endpoint);
  const exitCode = await runBuilder(args ?? [], around);
  return { exitCode, text: around.printed.join('\n') };
}
/** Another machine begins with the checkout alone. */
const forget = (): Promise<void> => rm(path.join(folder, '.slipway'), { recursive: true, force: true });

describe('the caches of flutter.yaml', () => {
  test('the first build makes both, the second has both', async () => {
    expect((await step('restore-sdk')).text).toBe('cache miss: no build has had these packages yet');
    expect((await step('restore-packages')).text).toContain('cache miss');
    // What the step `packages` does.
    await write('.slipway/flutter/sdk/bin/flutter', 'the tool');
    await write('.slipway/flutter/pub/hosted/a.dart', 'a package');
    expect((await step('save-sdk')).text).toMatch(
      /^cache saved: \.slipway\/flutter\/sdk \(.* MB\) for flutter-sdk-\d/,
    );
    expect((await step('save-packages')).text).toContain('cache saved: .slipway/flutter/pub');
    expect(await cached()).toEqual([
      expect.stringMatching(/^flutter-sdk\/flutter-sdk-[\d.]+-\w+-\w+-[0-9a-f]{64}\.tar\.gz$/),
      expect.stringMatching(/^pub\/pub-[\d.]+-\w+-\w+-[0-9a-f]{64}\.tar\.gz$/),
    ]);

    await forget();
    expect((await step('restore-sdk')).text).toContain('cache hit: .slipway/flutter/sdk');
    expect((await step('restore-packages')).text).toContain('cache hit: .slipway/flutter/pub');
    expect(await readFile(path.join(folder, '.slipway/flutter/sdk/bin/flutter'), 'utf8')).toBe('the tool');
    expect(await readFile(path.join(folder, '.slipway/flutter/pub/hosted/a.dart'), 'utf8')).toBe('a package');
    for (const id of ['save-sdk', 'save-packages'])
      expect((await step(id)).text).toContain('came from the cache: there is nothing to save');
  });

  test.each([
    ['other packages', { pubspec: 'packages: { http: 1 }\n' }, { sdk: true, pub: false }],
    ['another version', { version: '9.9.9' }, { sdk: false, pub: false }],
  ])('%s', async (_what, change: { pubspec?: string; version?: string }, expected) => {
    await write('.slipway/flutter/sdk/a', '');
    await write('.slipway/flutter/pub/a', '');
    await step('save-sdk');
    await step('save-packages');
    await forget();
    if (change.pubspec !== undefined) await write('app/pubspec.lock', change.pubspec);
    const changes: Record<string, string> =
      change.version === undefined ? {} : { _FLUTTER_VERSION: change.version };
    await step('restore-sdk', changes);
    await step('restore-packages', changes);
    expect({
      sdk: await exists('.slipway/flutter/sdk/a'),
      pub: await exists('.slipway/flutter/pub/a'),
    }).toEqual(expected);
  });

  test('without pubspec.lock it says what to do', async () => {
    await rm(path.join(folder, 'app/pubspec.lock'));
    expect(await step('restore-packages')).toEqual({
      exitCode: 1,
      text: 'builder cache failed: app/pubspec.lock does not exist: commit it, or correct the name of the file',
    });
  });

  test('a cache out of reach fails nothing', async () => {
    await write('.slipway/flutter/sdk/a', '');
    const restored = await step('restore-sdk', {}, 'http://127.0.0.1:9');
    expect(restored).toEqual({
      exitCode: 0,
      text: expect.stringContaining('cache miss: the cache cannot be read'),
    });
    const saved = await step('save-sdk', {}, 'http://127.0.0.1:9');
    expect(saved).toEqual({ exitCode: 0, text: expect.stringContaining('cache not saved: ') });
  });

  test('a folder that was never made is not saved', async () => {
    expect((await step('save-sdk')).text).toBe(
      '.slipway/flutter/sdk does not exist: there is nothing to save',
    );
    expect(await cached()).toEqual([]);
  });
});

test.each([
  [
    ['cache', '--name=a', '--version=1', '--path=a', '--at=gs://bucket'],
    'say restore or save first, not nothing',
  ],
  [['cache', 'drop', '--name=a', '--version=1', '--path=a', '--at=gs://bucket'], 'not drop'],
  [['cache', 'save', '--name=../a', '--version=1', '--path=a', '--at=gs://bucket'], '--name must be'],
])('%j is refused', async (args, expected) => {
  const around = surroundings(folder);
  expect(await runBuilder(args, around)).toBe(2);
  expect(around.printed.join('\n')).toContain(expected);
});
