import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { BuildConfig, BuildStep } from '../../local/build/build-types.ts';
import { spokenError, validateBuildConfig } from '../../local/build/validate-build-config.ts';
import { loadPipeline } from '../../scripts/pipeline/load.ts';
import { triggersOf } from '../../scripts/pipeline/triggers.ts';
import { slipwayFile, slipwayFolder } from './delivery-cloud.ts';

const checksFile = 'cloudbuild/checks.yaml';
const releaseFile = 'cloudbuild/release.yaml';
const files = [checksFile, releaseFile, 'cloudbuild.yaml'];

function read(file: string): BuildConfig {
  const validated = validateBuildConfig(slipwayFile(file), { file });
  if ('errors' in validated)
    throw new Error(validated.errors.map((error) => spokenError(file, error)).join('\n'));
  return validated.build;
}
const stepOf = (build: BuildConfig, id: string): BuildStep | undefined =>
  build.steps?.find((step) => step.id === id);

describe.each(files)('%s', (file) => {
  test('is a build config without errors', () => {
    expect(read(file).steps?.length).toBeGreaterThan(0);
  });

  test('every step has a name and a time limit, and the log has a place', () => {
    const { steps = [], options, timeout } = read(file);
    expect(steps.filter(({ id, timeout: limit }) => !id || !limit)).toEqual([]);
    expect(options?.logging).toBe('CLOUD_LOGGING_ONLY');
    expect(timeout).toMatch(/^\d+s$/);
  });
});

describe.each([checksFile, releaseFile])('the gates of %s', (file) => {
  test('no step that may fail is forgotten by `results`', () => {
    const build = read(file);
    const gates = (build.steps ?? []).flatMap(({ id, allowFailure }) => (allowFailure ? [id ?? ''] : []));
    const results = stepOf(build, 'results');
    expect(gates).toEqual(['lint', 'typecheck', 'unit', 'integration', 'image']);
    expect(results?.args?.slice(3)).toEqual(gates);
    expect(results?.waitFor).toEqual(gates);
  });

  test('each notes its outcome under its own name', () => {
    for (const { id = '', args, script } of (read(file).steps ?? []).filter((step) => step.allowFailure))
      expect(script ?? args?.slice(0, 2).join(' ')).toContain(script ? `.slipway/gates/${id}` : `gate ${id}`);
  });

  test('the trigger gives every substitution that it uses', () => {
    const loaded = loadPipeline(slipwayFile('pipeline.yaml'), {
      file: 'pipeline.yaml',
      environment: 'production',
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const trigger = triggersOf(loaded.pipeline).find(({ filename }) => filename === file);
    const given = [...Object.keys(trigger?.substitutions ?? {}), '_BUILDER'];
    const used = [...slipwayFile(file).matchAll(/\$\{?(_[A-Z]+)/g)].map(([, key]) => key ?? '');
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((key) => !given.includes(key))).toEqual([]);
  });
});

test('checks and release have the same gates: what passes on a branch passes on main', () => {
  const [checks, release] = [read(checksFile), read(releaseFile)];
  for (const id of ['install', 'lint', 'typecheck', 'unit', 'integration', 'results'])
    expect({ id, step: stepOf(release, id) }).toEqual({ id, step: stepOf(checks, id) });
});

test('only a tested, pushed image is deployed', () => {
  const release = read(releaseFile);
  expect(stepOf(release, 'push')?.waitFor).toEqual(['results']);
  expect(stepOf(release, 'deploy')?.waitFor).toEqual(['push']);
  expect(stepOf(read(checksFile), 'push')).toBeUndefined();
});

test('one Node, pinned by digest, builds the pipeline and runs the steps', () => {
  const image = /^FROM (\S+)$/m.exec(slipwayFile('scripts/builder/Dockerfile'))?.[1];
  expect(image).toMatch(/^node:24-slim@sha256:[0-9a-f]{64}$/);
  expect(read('cloudbuild.yaml').substitutions?._NODE).toBe(image);
});

/** The parser of `gcloud builds submit` and `gcloud builds triggers`, where it is installed: it needs no account. */
const gcloudParser = `
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + '/third_party']
from googlecloudsdk.api_lib.cloudbuild import cloudbuild_util, config
messages = cloudbuild_util.GetMessagesModule()
for file in sys.argv[2:]:
    print(len(config.LoadCloudbuildConfigFromPath(file, messages, params={}).steps))
`;
const gcloud = (process.env.PATH ?? '')
  .split(':')
  .map((folder) => path.join(folder, 'gcloud'))
  .find((file) => existsSync(file));
const library = gcloud === undefined ? '' : path.join(path.dirname(realpathSync(gcloud)), '..', 'lib');

(existsSync(path.join(library, 'googlecloudsdk')) ? test : test.skip)(
  "gcloud's own parser takes them",
  () => {
    const output = execFileSync('python3', ['-c', gcloudParser, library, ...files], {
      cwd: slipwayFolder,
      encoding: 'utf8',
    });
    expect(output.trim().split('\n').map(Number)).toEqual(files.map((file) => read(file).steps?.length));
  },
);
