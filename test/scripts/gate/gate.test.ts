import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { validateBuildConfig } from '../../../local/build/validate-build-config.ts';
import { gatesBefore, gatesOf } from '../../../scripts/gate/gates-of.ts';

const slipway = path.resolve(import.meta.dirname, '../../..');

const checks = `
steps:
  - id: install
    name: \${_BUILDER}
    args: [install, --folder, '\${_FOLDER}', --cache, 'gs://cache']
  - id: lint
    name: \${_BUILDER}
    args: [gate, lint, --folder, '\${_FOLDER}', --, npm, run, lint]
    waitFor: [install]
    allowFailure: true
  - id: security
    name: \${_BUILDER}
    args: [security, --folder, '\${_FOLDER}', --policy, cloudbuild/security.yaml, secrets, lockfile]
    waitFor: ['-']
    allowFailure: true
  - id: image
    name: bash
    automapSubstitutions: true
    allowFailure: true
    waitFor: ['-']
    env: [GREETING=hello]
    script: |
      #!/usr/bin/env bash
      echo "$GREETING $_SERVICE in $_FOLDER of $PROJECT_ID"
      [ "$_SERVICE" = api ] && exit_code=3 || exit_code=0
      mkdir -p .slipway/gates && echo "$exit_code 1" > .slipway/gates/image
      echo '[{ "Id": "sha256:1", "RepoTags": ["web"], "Size": 1000000 }]' > .slipway/image.json
      exit $exit_code
  - id: image-size
    name: \${_BUILDER}
    args: [image-size, '--folder=\${_FOLDER}', '--service=\${_SERVICE}', --budget=images.yaml, --inspected=.slipway/image.json]
    waitFor: [image]
    allowFailure: true
`;

const gates = (text: string): string[] => {
  const validated = validateBuildConfig(text, { file: 'checks.yaml' });
  if ('errors' in validated) throw new Error(JSON.stringify(validated.errors));
  return gatesOf(validated.build).map(({ name, args }) => `${name}: ${args?.join(' ') ?? 'a script'}`);
};

describe('gatesOf', () => {
  test('the steps that may fail, a step of several checks as several gates', () => {
    const security = 'security --folder ${_FOLDER} --policy cloudbuild/security.yaml';
    expect(gates(checks)).toEqual([
      'lint: gate lint --folder ${_FOLDER} -- npm run lint',
      `secrets: ${security} secrets`,
      `lockfile: ${security} lockfile`,
      'image: a script',
      'image-size: image-size --folder=${_FOLDER} --service=${_SERVICE} --budget=images.yaml --inspected=.slipway/image.json',
    ]);
  });

  test('a step that names no checks makes all of them', () => {
    expect(gates(checks.replace(', secrets, lockfile]', ']')).map((gate) => gate.split(':')[0])).toEqual([
      'lint',
      'secrets',
      'audit',
      'licences',
      'lockfile',
      'code',
      'image-scan',
      'image',
      'image-size',
    ]);
  });

  test('what a gate looks at comes from the gates that it waits for', () => {
    const validated = validateBuildConfig(
      readFileSync(path.join(slipway, 'cloudbuild/checks.yaml'), 'utf8'),
      {
        file: 'checks.yaml',
      },
    );
    if ('errors' in validated) throw new Error(JSON.stringify(validated.errors));
    const all = gatesOf(validated.build);
    const needed = all.flatMap((gate) =>
      gatesBefore(gate, all).map((before) => `${gate.name} after ${before.name}`),
    );
    expect(needed).toEqual(['image-size after image', 'image-scan after image']);
  });

  test('the checks of this repository have their gates', () => {
    const names = gates(readFileSync(path.join(slipway, 'cloudbuild/checks.yaml'), 'utf8')).map(
      (gate) => gate.split(':')[0],
    );
    expect(names).toEqual(expect.arrayContaining(['lint', 'typecheck', 'unit', 'integration', 'image']));
  });
});

describe('npm run gate', () => {
  let repo = '';
  beforeAll(() => {
    repo = mkdtempSync(path.join(tmpdir(), 'slipway-gate-test-'));
    const write = (name: string, content: string): void => {
      mkdirSync(path.dirname(path.join(repo, name)), { recursive: true });
      writeFileSync(path.join(repo, name), content);
    };
    write(
      'pipeline.yaml',
      'project: acme-shop\nregion: europe-west1\nrepository: acme/shop\nenvironments: { local: { branch: main } }\nservices:\n  api: { folder: services/api }\n  web: { folder: services/web }\n',
    );
    write('cloudbuild/checks.yaml', checks);
    write('cloudbuild/security.yaml', '');
    write('images.yaml', 'services: { web: { maxMegabytes: 2, maxCompressedMegabytes: 1 } }\n');
    const own = {
      name: 'shop-api',
      version: '1.0.0',
      scripts: { lint: 'echo linted > linted.txt && exit 4' },
    };
    write('services/api/package.json', JSON.stringify(own));
    write(
      'services/api/package-lock.json',
      JSON.stringify({ name: 'shop-api', lockfileVersion: 3, packages: { '': own } }),
    );
    write('services/api/node_modules/.package-lock.json', '{}');
    write('services/web/package.json', '{}');
  });
  afterAll(() => {
    rmSync(repo, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<{ exitCode: number | null; text: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(
        path.join(slipway, 'node_modules/.bin/node'),
        [path.join(slipway, 'scripts/gate.ts'), '--repo', repo, ...args],
        { cwd: repo, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let text = '';
      const add = (chunk: Buffer): void => {
        text += chunk.toString();
      };
      child.stdout.on('data', add);
      child.stderr.on('data', add);
      child.once('error', reject);
      child.once('close', (exitCode) => {
        resolve({ exitCode, text });
      });
    });

  test.each([
    [
      [],
      0,
      /^api {2}lint secrets lockfile image image-size\nweb {2}lint secrets lockfile image image-size\n$/,
    ],
    [
      ['api'],
      0,
      /^lint {8}npm run lint\nsecrets {5}builder security .*\nlockfile {4}.*\nimage {7}a script in bash\nimage-size {2}builder image-size .*\n$/,
    ],
    [['ap', 'lint'], 2, /^there is no service "ap" \(did you mean "api"\?\); there are api, web\n$/],
    [
      ['api', 'lnt'],
      2,
      /^there is no gate "lnt" \(did you mean "lint"\?\); there are lint, secrets, lockfile, image, image-size\n$/,
    ],
    [['api', 'lint', 'unit'], 2, /^one gate at a time: /],
    [['web', 'lint'], 1, /^services\/web has no node_modules; run "npm ci" there first\n$/],
    [['api', 'lint', '--environment', 'nowhere'], 2, /nowhere/],
    [
      ['api', 'lint'],
      4,
      /gate lint failed with exit 4 in .*\nagain on your machine: npm run gate -- api lint\n$/,
    ],
    [['api', 'lockfile'], 0, /^lockfile passed in .* s \(0 packages\)\n$/],
    [
      ['web', 'lockfile'],
      1,
      /^services\/web\/package\.json: services\/web\/package-lock\.json cannot be read: /,
    ],
    [['api', 'image'], 3, /^hello api in services\/api of acme-shop\n$/],
    [
      ['api', 'image-size'],
      3,
      /^gate image-size needs image, which runs first\nhello api .*\ngate image-size did not run: it needs image, which failed with exit 3\n$/,
    ],
    [
      ['web', 'image-size'],
      0,
      /^gate image-size needs image, which runs first\nhello web .*\n[^]*image-size passed\n$/,
    ],
  ])(
    '%j ends with %d',
    async (args, exitCode, expected) => {
      const ended = await run(...args);
      expect(ended.text).toMatch(expected);
      expect(ended.exitCode).toBe(exitCode);
    },
    20_000,
  );

  test('what gates write into the service stays, and notes for the build do not', async () => {
    await run('api', 'lint');
    expect(existsSync(path.join(repo, 'services/api/linted.txt'))).toBe(true);
    expect(readdirSync(repo).sort()).toEqual(['cloudbuild', 'images.yaml', 'pipeline.yaml', 'services']);
  }, 20_000);
});
