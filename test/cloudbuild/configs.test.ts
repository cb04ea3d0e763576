import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { BuildConfig, BuildStep } from '../../local/build/build-types.ts';
import { spokenError, validateBuildConfig } from '../../local/build/validate-build-config.ts';
import { readImageSizeLimits } from '../../scripts/builder/image/image-size-limits.ts';
import { gatesOf } from '../../scripts/gate/gates-of.ts';
import { loadPipeline } from '../../scripts/pipeline/load.ts';
import { triggersOf } from '../../scripts/pipeline/triggers.ts';
import { slipwayFile, slipwayFolder } from './delivery-cloud.ts';

const checksFile = 'cloudbuild/checks.yaml';
const releaseFile = 'cloudbuild/release.yaml';
const flutterFile = 'cloudbuild/flutter.yaml';
const files = [checksFile, releaseFile, flutterFile, 'cloudbuild.yaml'];

/** What the builder reads, and Cloud Build does not. */
const others = ['cloudbuild/images.yaml', 'cloudbuild/security.yaml'];

test('every file in cloudbuild/ is looked at here', () => {
  const found = readdirSync(path.join(slipwayFolder, 'cloudbuild')).map((name) => `cloudbuild/${name}`);
  expect(found.sort()).toEqual([...files, ...others].filter((file) => file !== 'cloudbuild.yaml').sort());
});

function read(file: string): BuildConfig {
  const validated = validateBuildConfig(slipwayFile(file), { file });
  if ('errors' in validated)
    throw new Error(validated.errors.map((error) => spokenError(file, error)).join('\n'));
  return validated.build;
}
/** Steps that may fail although no gate: another step judges what they leave, and fails the build. */
const judgedBy: Readonly<Record<string, string>> = { k6: 'load' };
const gateSteps = ({ steps = [] }: BuildConfig): BuildStep[] =>
  steps.filter(({ id = '', allowFailure }) => allowFailure === true && !Object.hasOwn(judgedBy, id));

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
    const gates = gatesOf(build).map(({ name }) => name);
    const results = stepOf(build, 'results');
    expect(gates).toEqual([
      ...['lint', 'lint-dockerfile', 'typecheck', 'unit', 'integration'],
      ...['secrets', 'audit', 'licences', 'lockfile', 'code', 'image', 'image-size', 'image-scan'],
    ]);
    expect(results?.args?.slice(3)).toEqual(gates);
    expect(results?.waitFor).toEqual(gateSteps(build).map(({ id }) => id));
  });

  test('each notes its outcome under its own name', () => {
    const noting = gateSteps(read(file)).filter(({ id }) => id !== 'security');
    for (const { id = '', args = [], script } of noting)
      // A check of the builder itself is a gate by its own name; one of its checks of security by that of the check.
      if (script === undefined)
        expect(args[0] === 'gate' ? args[1] : args[0] === 'security' ? args.at(-1) : args[0]).toBe(id);
      else expect(script).toContain(`> .slipway/gates/${id}\n`);
  });

  test('what may fail without being a gate is judged by a step that may not', () => {
    const build = read(file);
    for (const [id, judge] of Object.entries(judgedBy))
      if (stepOf(build, id))
        expect(stepOf(build, judge)).toMatchObject({
          waitFor: [id],
          args: expect.arrayContaining(['--folder=${_FOLDER}']),
        });
    for (const judge of Object.values(judgedBy)) expect(stepOf(build, judge)?.allowFailure).toBeUndefined();
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
  for (const id of [
    ...['install', 'lint', 'lint-dockerfile', 'typecheck', 'unit', 'integration'],
    ...['security', 'image-size', 'image-scan', 'results'],
  ])
    expect({ id, step: stepOf(release, id) }).toEqual({ id, step: stepOf(checks, id) });
});

test('only a tested, pushed image is deployed', () => {
  const release = read(releaseFile);
  expect(stepOf(release, 'await-turn')?.waitFor).toEqual(['results']);
  expect(stepOf(release, 'push')?.waitFor).toEqual(['await-turn']);
  expect(stepOf(release, 'deploy')?.waitFor).toEqual(['push']);
  expect(stepOf(release, 'provenance')?.waitFor).toEqual(['push']);
  expect(stepOf(read(checksFile), 'push')).toBeUndefined();
});

test('only what is released leaves layers for later builds, which all of them take, and no deployment waits for that', () => {
  const [checks, release] = [read(checksFile), read(releaseFile)];
  for (const build of [checks, release])
    for (const tag of ['deps', 'latest'])
      expect(stepOf(build, 'image')?.script).toContain(`--cache-from "$image:${tag}"`);
  expect(stepOf(release, 'push-cache')).toMatchObject({ waitFor: ['push'] });
  expect((release.steps ?? []).filter(({ waitFor }) => waitFor?.includes('push-cache'))).toEqual([]);
  expect((checks.steps ?? []).filter(({ script = '' }) => /docker push|--push/.test(script))).toEqual([]);
});

test('k6 meets the candidate alone, with the k6 of the types that its scripts are checked with; `load` judges it', () => {
  const release = read(releaseFile);
  const { devDependencies } = JSON.parse(slipwayFile('package.json')) as {
    devDependencies: Record<string, string>;
  };
  const k6 = stepOf(release, 'k6');
  expect(k6?.name).toBe(`grafana/k6:${devDependencies['@types/k6'] ?? ''}`);
  expect(k6?.waitFor).toEqual(['load-plan', 'smoke']);
  expect(stepOf(release, 'load-plan')?.waitFor).toEqual(['deploy']);
  expect(stepOf(release, 'load')).toMatchObject({ waitFor: ['k6'] });
  expect(stepOf(release, 'load')?.allowFailure).toBeUndefined();
});

test.each([checksFile, releaseFile, flutterFile])(
  '%s leaves every step the time that it may take',
  (file) => {
    const { steps = [], timeout } = read(file);
    const seconds = (text = ''): number => Number(/^(\d+)s$/.exec(text)?.[1]);
    const endOf = ({ waitFor = [], timeout: own }: BuildStep): number =>
      seconds(own) +
      Math.max(
        0,
        ...waitFor.flatMap((id) => (id === '-' ? [] : steps.filter((step) => step.id === id).map(endOf))),
      );
    expect(seconds(timeout)).toBeGreaterThanOrEqual(Math.max(...steps.map(endOf)));
  },
);

describe(flutterFile, () => {
  const build = read(flutterFile);
  const gates = (build.steps ?? []).filter(({ allowFailure }) => allowFailure).map(({ id }) => id ?? '');

  test('no gate is forgotten, each notes its outcome under its own name, and none runs before the caches are saved', () => {
    expect(gates).toEqual(['lint-dockerfile', 'analyze', 'unit', 'web', 'image', 'image-size']);
    expect(stepOf(build, 'results')?.args?.slice(3)).toEqual(gates);
    expect(stepOf(build, 'results')?.waitFor).toEqual(gates);
    for (const id of gates) {
      const { args, script } = stepOf(build, id) ?? {};
      expect(script ?? `> .slipway/gates/${args?.[0] ?? ''}\n`).toContain(`> .slipway/gates/${id}\n`);
    }
    for (const id of ['analyze', 'unit', 'web'])
      expect(stepOf(build, id)?.waitFor).toEqual(['save-sdk', 'save-packages']);
  });

  test('what is restored is what is saved, under the same key', () => {
    for (const what of ['sdk', 'packages'])
      expect(stepOf(build, `save-${what}`)?.args?.toSpliced(1, 1)).toEqual(
        stepOf(build, `restore-${what}`)?.args?.toSpliced(1, 1),
      );
  });

  test('ends as release.yaml does: tested, one at a time, by digest, no traffic', () => {
    const release = read(releaseFile);
    for (const id of ['image-size', 'lint-dockerfile', 'await-turn', 'push', 'deploy'])
      expect({ id, step: stepOf(build, id) }).toEqual({ id, step: stepOf(release, id) });
    expect(build.images).toEqual(release.images);
  });

  test('the trigger, or the file itself, gives every substitution that it uses', () => {
    const loaded = loadPipeline(
      'project: shop-project\nregion: europe-west1\nrepository: a/b\nservices:\n  app: { folder: app, builds: { release: cloudbuild/flutter.yaml } }\n',
      { file: 'pipeline.yaml', environment: 'local' },
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const trigger = triggersOf(loaded.pipeline).find(({ filename }) => filename === flutterFile);
    const given = { ...trigger?.substitutions, ...build.substitutions, _BUILDER: '' };
    const used = [...slipwayFile(flutterFile).matchAll(/\$\{?(_[A-Z_]+)/g)].map(([, key]) => key ?? '');
    expect(used.filter((key) => !Object.hasOwn(given, key))).toEqual([]);
    expect(Object.keys(build.substitutions ?? {}).filter((key) => !used.includes(key))).toEqual([]);
  });
});

test('every service has a budget for its image', () => {
  const loaded = loadPipeline(slipwayFile('pipeline.yaml'), { file: 'pipeline.yaml', environment: 'local' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  for (const service of Object.keys(loaded.pipeline.services))
    expect(
      readImageSizeLimits(slipwayFile('cloudbuild/images.yaml'), 'images.yaml', service).maxMegabytes,
    ).toBeGreaterThan(0);
});

test('one Node, pinned by digest, builds the pipeline and runs the steps', () => {
  const image = /^FROM (\S+)$/m.exec(slipwayFile('scripts/builder/Dockerfile'))?.[1];
  expect(image).toMatch(/^node:24-slim@sha256:[0-9a-f]{64}$/);
  expect(read('cloudbuild.yaml').substitutions?._NODE).toBe(image);
});

/**
 * The parser of `gcloud builds submit --config`, out of the gcloud that is on the PATH. It needs no account and no network.
 * Prints how many steps each file has; a file that it refuses ends it with the reason.
 */
const gcloudParser = `
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + '/third_party']
from googlecloudsdk.api_lib.cloudbuild import cloudbuild_exceptions, cloudbuild_util, config
from googlecloudsdk.core import exceptions
messages = cloudbuild_util.GetMessagesModule()
try:
    for file in sys.argv[2:]:
        print(len(config.LoadCloudbuildConfigFromPath(file, messages, params={}).steps))
except exceptions.Error as error:
    sys.exit(str(error))
`;
const gcloud = (process.env.PATH ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'gcloud'))
  .find((file) => existsSync(file));

if (gcloud === undefined)
  test.skip("gcloud's own parser takes them: skipped: gcloud is not installed", () => undefined);
else
  describe("gcloud's own parser", () => {
    const library = path.join(path.dirname(realpathSync(gcloud)), '..', 'lib');
    const config = mkdtempSync(path.join(tmpdir(), 'slipway-gcloud-'));
    afterAll(() => {
      rmSync(config, { recursive: true, force: true });
    });
    const parse = (...names: string[]): string =>
      execFileSync('python3', ['-c', gcloudParser, library, ...names], {
        cwd: slipwayFolder,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: config, CLOUDSDK_CONFIG: config },
        stdio: 'pipe',
      });

    test('takes them', () => {
      const steps = parse(...files)
        .trim()
        .split('\n')
        .map(Number);
      expect(steps).toEqual(files.map((file) => read(file).steps?.length));
    }, 60_000);

    test.each([
      ['a key that there is not', 'allowFailure:', 'allowFailures:', '.steps[1].allowFailures: unused'],
      ['a value of another type', 'allowFailure: true', 'allowFailure: [yes]', 'allowFailure'],
      ['a file that is no YAML', 'steps:', 'steps: }', 'parsing '],
    ])(
      'refuses %s',
      (_what, right, wrong, said) => {
        const file = path.join(config, 'wrong.yaml');
        writeFileSync(file, slipwayFile(checksFile).replace(right, wrong));
        expect(() => parse(file)).toThrow(said);
      },
      60_000,
    );
  });
