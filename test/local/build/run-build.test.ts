import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildCloud, submit, type BuildCloud } from './support.ts';

let world: BuildCloud;
beforeAll(async () => {
  world = await buildCloud({ concurrency: 4 });
});
afterAll(async () => {
  await world.close();
});

const sh = (text: string, more: object = {}): object => ({
  name: 'ubuntu',
  args: ['sh', '-c', text],
  ...more,
});

describe('a build that is submitted', () => {
  test('runs its steps in one workspace and is published at each change', async () => {
    const id = await submit(world, {
      steps: [sh('echo hello > file'), sh('cat file', { id: 'read' })],
      tags: ['manual'],
    });
    const build = await world.ended(id);
    expect(build).toMatchObject({
      status: 'SUCCESS',
      projectId: 'test-project',
      name: `projects/123456789012/locations/global/builds/${id}`,
      logUrl: expect.stringContaining(`/cloud-build/builds;region=global/${id}?project=123456789012`),
      timeout: '3600s',
      queueTtl: '3600s',
      tags: ['manual'],
      results: { buildStepImages: ['', ''], buildStepOutputs: ['', ''] },
      timing: { BUILD: { startTime: expect.any(String), endTime: expect.any(String) } },
    });
    expect(build.steps?.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS']);
    const own = world.published.filter((each) => each.id === id);
    expect(own.map(({ status }) => status)).toEqual(['QUEUED', 'WORKING', 'SUCCESS']);
    expect(own[1]?.steps?.map(({ status }) => status)).toEqual([undefined, undefined]);
    expect(new Set(world.topics)).toEqual(new Set(['projects/test-project/topics/cloud-builds']));
    const log = await world.logOf(id);
    expect(log).toContain(`starting build "${id}"`);
    expect(log).toMatch(/FETCHSOURCE\nBUILD\nStarting Step #0\n/);
    expect(log).toContain('Step #1 - "read": hello\nFinished Step #1 - "read"\nDONE\n');
  });
});

interface Expectation {
  readonly status: string;
  readonly detail?: RegExp;
  readonly failure?: string;
  readonly steps?: readonly string[];
  readonly log?: readonly (string | RegExp)[];
}

const cases: Readonly<Record<string, readonly [build: object, expected: Expectation]>> = {
  'a failing step ends the build and keeps the later ones from starting': [
    { steps: [sh('exit 3', { id: 'unit' }), sh('echo never')] },
    {
      status: 'FAILURE',
      detail: /^build step 0 "ubuntu" failed: step exited with non-zero status: 3$/,
      failure: 'USER_BUILD_STEP',
      steps: ['FAILURE', 'QUEUED'],
      log: ['\nERROR\nERROR: build step 0 "ubuntu" failed'],
    },
  ],
  'allowFailure lets the build go on, the step keeps its failure': [
    { steps: [sh('exit 3', { allowFailure: true }), sh('true')] },
    { status: 'SUCCESS', steps: ['FAILURE', 'SUCCESS'], log: ['the build goes on'] },
  ],
  'allowExitCodes beats allowFailure': [
    { steps: [sh('exit 4', { allowFailure: true, allowExitCodes: [3] })] },
    { status: 'FAILURE', failure: 'USER_BUILD_STEP', steps: ['FAILURE'] },
  ],
  'an exit code that is allowed': [
    { steps: [sh('exit 3', { allowExitCodes: [2, 3] })] },
    { status: 'SUCCESS', steps: ['FAILURE'] },
  ],
  'a step that runs too long': [
    { steps: [sh('sleep 60', { timeout: { nanos: 200_000_000 } }), sh('true')] },
    { status: 'TIMEOUT', detail: /step ran longer than its timeout of 0\.2/, steps: ['TIMEOUT', 'QUEUED'] },
  ],
  'a build that runs too long': [
    { steps: [sh('sleep 60')], timeout: { nanos: 300_000_000 } },
    { status: 'TIMEOUT', detail: /the build ran longer than its timeout of 0\.3s/, steps: ['TIMEOUT'] },
  ],
  'an unknown builder': [
    { steps: [{ name: 'python:3.13', args: ['python', '-V'] }] },
    {
      status: 'FAILURE',
      detail:
        /^build step 0 "python:3\.13" failed: the image "python:3\.13" is neither built here.*node:24\*/,
      failure: 'USER_BUILD_STEP',
    },
  ],
  'a command that is not installed': [
    { steps: [{ name: 'ubuntu', args: ['no-such-tool'] }] },
    {
      status: 'FAILURE',
      failure: 'USER_BUILD_STEP',
      detail: /"no-such-tool" is not installed on this machine/,
    },
  ],
  'scripts: sh without a shebang, the named interpreter with one, container paths translated, nothing substituted':
    [
      {
        substitutions: { _WORD: 'x' },
        options: { substitutionOption: 'ALLOW_LOOSE' },
        steps: [
          { name: 'ubuntu', script: 'echo "w=[$_WORD]" > /workspace/a; pwd' },
          {
            name: 'bash',
            script: '#!/usr/bin/env bash\n[[ -f /workspace/a ]] && cat /workspace/a',
            automapSubstitutions: true,
          },
          {
            name: 'node:24',
            script: '#!/usr/bin/env node\nconsole.log("node " + process.version.split(".")[0])',
          },
        ],
      },
      { status: 'SUCCESS', log: ['Step #1: w=[]', 'Step #2: node v24'] },
    ],
  'automapped substitutions reach the environment': [
    {
      substitutions: { _WORD: 'mapped' },
      options: { automapSubstitutions: true },
      steps: [{ name: 'ubuntu', script: 'echo "$_WORD in $PROJECT_ID"' }],
    },
    { status: 'SUCCESS', log: ['Step #0: mapped in test-project'] },
  ],
  'env: the step beats the global one, container paths are translated': [
    {
      options: { env: ['A=global', 'B=global'] },
      steps: [sh('echo "$$A $$B"; touch "$$F"; ls $$F', { env: ['A=step', 'F=/workspace/made'] })],
    },
    { status: 'SUCCESS', log: ['Step #0: step global', /Step #0: \/.*\/workspace\/made/] },
  ],
  'dir is made, HOME and volumes are shared by the steps': [
    {
      steps: [
        sh('touch here; echo keep > $$HOME/note; echo data > /cache/f', {
          dir: 'a/b',
          volumes: [{ name: 'cache', path: '/cache' }],
        }),
        sh('ls a/b; cat /builder/home/note; cat /store/f', { volumes: [{ name: 'cache', path: '/store' }] }),
      ],
    },
    { status: 'SUCCESS', log: ['Step #1: here\nStep #1: keep\nStep #1: data'] },
  ],
  'the node builder runs npm as a command and a file as a program': [
    {
      steps: [
        { name: 'node:24-slim', args: ['npm', '--version'] },
        { name: 'node:24', entrypoint: 'node', args: ['-p', '"v=" + process.version'] },
        { name: 'node', args: ['x.js'] },
      ],
    },
    {
      status: 'FAILURE',
      failure: 'USER_BUILD_STEP',
      detail: /the image "node" is neither/,
      log: [/Step #0: \d+\./, 'Step #1: v=v24.'],
    },
  ],
  'what a step leaves running ends with it': [
    { steps: [sh('sleep 300 & echo started')] },
    { status: 'SUCCESS', log: ['started'] },
  ],
  'the docker command line is in the PATH of docker steps only': [
    {
      steps: [
        { name: 'gcr.io/cloud-builders/docker', args: ['build', '-t', 'x', '.'] },
        { name: 'gcr.io/cloud-builders/docker', entrypoint: 'bash', args: ['-c', 'docker tag x y'] },
      ],
    },
    { status: 'SUCCESS', log: ['Step #0: docker build -t x .', 'Step #1: docker tag x y'] },
  ],
  'an image that cannot be pushed': [
    { steps: [sh('true')], images: ['europe-west1-docker.pkg.dev/p/r/broken:1'] },
    { status: 'FAILURE', failure: 'PUSH_FAILED', detail: /failed to push image/, log: ['\nPUSH\nPushing'] },
  ],
  'a secret that does not exist': [
    {
      steps: [sh('true', { secretEnv: ['TOKEN'] })],
      availableSecrets: {
        secretManager: [{ versionName: 'projects/p/secrets/none/versions/1', env: 'TOKEN' }],
      },
    },
    {
      status: 'FAILURE',
      detail: /failed to access secret version projects\/p\/secrets\/none\/versions\/1: .*not found/,
    },
  ],
  'an artifact that was not made': [
    { steps: [sh('true')], artifacts: { objects: { location: 'gs://bucket/', paths: ['dist/*'] } } },
    { status: 'FAILURE', detail: /no file in \/workspace matches the artifact path "dist\/\*"/ },
  ],
  'a source that is not there': [
    { steps: [sh('true')], source: { storageSource: { bucket: 'bucket', object: 'none.tgz' } } },
    { status: 'FAILURE', failure: 'FETCH_SOURCE_FAILED', detail: /gs:\/\/bucket\/none\.tgz cannot be read/ },
  ],
  'a repository that is not there': [
    { steps: [sh('true')], source: { gitSource: { url: 'https://github.com/acme/none.git' } } },
    { status: 'FAILURE', failure: 'FETCH_SOURCE_FAILED', detail: /is not on the local GitHub/ },
  ],
};

describe('how builds end', () => {
  test.each(Object.entries(cases))('%s', async (_, [build, expected]) => {
    const id = await submit(world, build);
    const ended = await world.ended(id);
    const log = await world.logOf(id);
    expect({ status: ended.status, log }).toMatchObject({ status: expected.status });
    if (expected.detail) expect(ended.statusDetail).toMatch(expected.detail);
    expect(ended.failureInfo?.type).toBe(expected.failure);
    if (expected.steps) expect(ended.steps?.map(({ status }) => status)).toEqual(expected.steps);
    for (const part of expected.log ?? [])
      expect(log).toMatch(
        part instanceof RegExp ? part : new RegExp(part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&')),
      );
  });
});

describe('steps side by side', () => {
  test('waitFor lets a step start while an earlier one still runs', async () => {
    // Each of the two waits for the other's file: only side by side can both end.
    const meet = (own: string, other: string): string =>
      `touch ${own}; i=0; while [ ! -f ${other} ]; do i=$$((i+1)); [ $$i -gt 200 ] && exit 9; sleep 0.05; done`;
    const id = await submit(world, {
      steps: [
        sh(meet('a', 'b'), { id: 'a', waitFor: ['-'] }),
        sh(meet('b', 'a'), { id: 'b', waitFor: ['-'] }),
        sh('ls', { id: 'last', waitFor: ['a', 'b'] }),
      ],
    });
    expect(await world.ended(id)).toMatchObject({ status: 'SUCCESS' });
    expect(await world.logOf(id)).toContain('Step #2 - "last": a\nStep #2 - "last": b');
  });

  test('a failure ends the steps that run beside it', async () => {
    const id = await submit(world, {
      steps: [sh('sleep 60', { waitFor: ['-'] }), sh('sleep 0.1; exit 1', { waitFor: ['-'] }), sh('true')],
    });
    const build = await world.ended(id);
    expect(build.steps?.map(({ status }) => status)).toEqual(['CANCELLED', 'FAILURE', 'QUEUED']);
    expect(build.statusDetail).toContain('build step 1');
  });
});

describe('cancel', () => {
  test('ends the processes at once', async () => {
    const id = await submit(world, {
      steps: [sh('echo $$$$ > /tmp/pid-of-$BUILD_ID; echo running; sleep 60')],
    });
    const log = await world.fetch(`/cloud-build/logs/${id}?follow=1`);
    let text = '';
    for await (const chunk of log.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('Step #0: running')) break;
    }
    const [cancelled] = await world.client.cancelBuild({ projectId: 'test-project', id });
    expect(cancelled.status).toBe('CANCELLED');
    const file = `/tmp/pid-of-${id}`;
    const pid = Number(readFileSync(file, 'utf8'));
    rmSync(file);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect((await world.ended(id)).steps?.[0]?.status).toBe('CANCELLED');
    await expect(world.client.cancelBuild({ projectId: 'test-project', id })).rejects.toThrow(
      'already ended with CANCELLED',
    );
  });
});

describe('secrets', () => {
  test('reach the step and nothing else', async () => {
    const value = 'hunter2-and-more';
    world.secrets.set('projects/test-project/secrets/token/versions/latest', value);
    const encoded = Buffer.from(value).toString('base64');
    const id = await submit(world, {
      steps: [
        sh(
          '[ "$$TOKEN" = hunter2-and-more ] || exit 1; echo "a $$TOKEN b"; printf hunter2; sleep 0.05; printf -- "-and-more\\n"; echo $$TOKEN | base64; echo $$TOKEN > $$BUILDER_OUTPUT/output',
          {
            secretEnv: ['TOKEN'],
          },
        ),
        sh('echo "none: [$$TOKEN]"'),
      ],
      availableSecrets: {
        secretManager: [{ versionName: 'projects/$PROJECT_ID/secrets/token/versions/latest', env: 'TOKEN' }],
      },
    });
    const build = await world.ended(id);
    const log = await world.logOf(id);
    expect(build.status).toBe('SUCCESS');
    expect(log).toContain('Step #0: a [secret TOKEN] b\nStep #0: [secret TOKEN]\n');
    expect(log).toContain('none: []');
    const page = await (await world.fetch(`/cloud-build/builds;region=global/${id}`)).text();
    const everything = [
      log,
      page,
      JSON.stringify(world.published.filter((each) => each.id === id)),
      JSON.stringify(world.entries),
    ];
    // What is left of the value is the name of the fixture in the command itself.
    for (const text of everything)
      expect(text.replaceAll('= hunter2-and-more', '').replaceAll('printf hunter2', '')).not.toMatch(
        /hunter2-and-more/,
      );
    for (const text of everything) expect(text).not.toContain(encoded.slice(0, -4));
    expect(Buffer.from(build.results?.buildStepOutputs?.[0] ?? '', 'base64').toString()).toBe(
      '[secret TOKEN]\n',
    );
  });
});

describe('source, images and artifacts', () => {
  test('a source archive is unpacked, images are pushed with their digests, artifacts uploaded with a manifest', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'slipway-source-'));
    writeFileSync(path.join(folder, 'app.txt'), 'the source');
    execFileSync('tar', ['-czf', path.join(folder, 's.tgz'), '-C', folder, 'app.txt']);
    world.objects.set('bucket/s.tgz', readFileSync(path.join(folder, 's.tgz')));
    rmSync(folder, { recursive: true });
    const name = 'europe-west1-docker.pkg.dev/p/r/app:1';
    const digest = `sha256:${'a'.repeat(64)}`;
    const config = {
      entrypoint: [],
      cmd: [],
      env: {},
      workingDir: '',
      user: '',
      labels: {},
      exposedPorts: [],
      stopSignal: '',
      toolPaths: [],
    };
    world.images.set(name, { reference: `${name}@${digest}`, digest, rootFolder: '/nowhere', config });
    const id = await submit(world, {
      source: { storageSource: { bucket: 'bucket', object: 's.tgz' } },
      steps: [sh('mkdir -p dist/sub && cp app.txt dist/a.txt && cp app.txt dist/sub/b.txt')],
      images: [name],
      artifacts: { objects: { location: 'gs://out/$BUILD_ID', paths: ['dist/**'] } },
      logsBucket: 'gs://logs/builds',
    });
    const build = await world.ended(id);
    expect(build).toMatchObject({
      status: 'SUCCESS',
      sourceProvenance: { resolvedStorageSource: { bucket: 'bucket', object: 's.tgz' } },
      results: {
        images: [{ name, digest, pushTiming: { startTime: expect.any(String) } }],
        numArtifacts: '2',
        artifactManifest: `gs://out/${id}/artifacts-${id}.json`,
      },
      timing: { FETCHSOURCE: expect.any(Object), BUILD: expect.any(Object), PUSH: expect.any(Object) },
    });
    expect(world.objects.get(`out/${id}/b.txt`)?.toString()).toBe('the source');
    expect(world.objects.get(`out/${id}/artifacts-${id}.json`)?.toString()).toContain(
      `gs://out/${id}/a.txt#1`,
    );
    expect(world.objects.get(`logs/builds/log-${id}.txt`)?.toString()).toContain('DONE');
  });

  test('an image that was built here runs with its entrypoint and its files', async () => {
    const rootFolder = mkdtempSync(path.join(tmpdir(), 'slipway-image-'));
    writeFileSync(
      path.join(rootFolder, 'main.sh'),
      '#!/bin/sh\necho "image $GREETING $1"; cat /main.sh | head -1; pwd',
      { mode: 0o755 },
    );
    const config = {
      entrypoint: ['/bin/sh', '/main.sh'],
      cmd: ['default'],
      env: { GREETING: 'hi' },
      workingDir: '/',
      user: '',
      labels: {},
      exposedPorts: [],
      stopSignal: '',
      toolPaths: [],
    };
    world.images.set('own/tool:1', { reference: 'own/tool:1', digest: 'sha256:1', rootFolder, config });
    const id = await submit(world, {
      steps: [
        { name: 'own/tool:1' },
        { name: 'own/tool:1', args: ['given'] },
        { name: 'own/tool:1', script: 'ls -d /main.sh; echo in script' },
      ],
    });
    const build = await world.ended(id);
    const log = await world.logOf(id);
    rmSync(rootFolder, { recursive: true });
    expect({ status: build.status, log }).toMatchObject({ status: 'SUCCESS' });
    expect(log).toContain('Step #0: image hi default');
    expect(log).toContain('Step #1: image hi given');
    expect(log).toContain('Step #2: in script');
    expect(build.results?.buildStepImages).toEqual(['sha256:1', 'sha256:1', 'sha256:1']);
  });
});
