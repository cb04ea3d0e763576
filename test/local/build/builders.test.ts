import { describe, expect, test } from '@jest/globals';
import { findBuilder } from '../../../local/build/builders.ts';
import { refPattern } from '../../../local/build/ref-pattern.ts';
import { stepDependencies } from '../../../local/build/step-graph.ts';
import { scriptInterpreter, stepProcess, type StepSurroundings } from '../../../local/build/step-process.ts';
import { stepTitle, lineWriter } from '../../../local/build/build-log.ts';
import { readRef } from '../../../local/build/trigger-match.ts';

describe('builder images', () => {
  test.each<[image: string, known: boolean]>([
    ['node:24', true],
    ['node:24-alpine', true],
    ['docker.io/library/node:24.1.0-slim', true],
    [`node:24@sha256:${'0'.repeat(64)}`, true],
    ['node', false],
    ['node:22', false],
    ['node:latest', false],
    ['gcr.io/distroless/nodejs24-debian12', true],
    ['mcr.microsoft.com/playwright:v1.65.1-noble', true],
    [`mcr.microsoft.com/playwright:v1.65.1-noble@sha256:${'0'.repeat(64)}`, true],
    ['mcr.microsoft.com/playwright', false],
    ['mcr.microsoft.com/playwright/python:v1.65.1-noble', false],
    ['grafana/k6:2.3.0', true],
    [`docker.io/grafana/k6:2.3.0@sha256:${'0'.repeat(64)}`, true],
    ['grafana/k6-operator', false],
    ['gcr.io/cloud-builders/npm', true],
    ['gcr.io/cloud-builders/npm:node-24', true],
    ['gcr.io/cloud-builders/docker', true],
    ['gcr.io/cloud-builders/git', true],
    ['gcr.io/google.com/cloudsdktool/cloud-sdk:slim', true],
    ['gcr.io/google.com/cloudsdktool/google-cloud-cli:stable', true],
    ['google/cloud-sdk', true],
    ['gcr.io/cloud-builders/gcloud', true],
    ['ubuntu', true],
    ['ubuntu:24.04', true],
    ['alpine:3', true],
    ['bash', true],
    ['debian:bookworm-slim', true],
    ['notubuntu', false],
    ['evil.io/ubuntu', false],
    ['python', false],
  ])('%s: %s', (image, known) => {
    expect(findBuilder(image) !== undefined).toBe(known);
  });
});

describe('the process of a step', () => {
  const around: StepSurroundings = {
    mounts: [
      { inside: '/workspace', outside: '/run/b/workspace' },
      { inside: '/builder/home', outside: '/run/b/home' },
      { inside: '/cache', outside: '/run/b/volumes/cache' },
    ],
    baseDir: '/workspace',
    machineEnv: { PATH: '/node/bin:/usr/bin:/bin', HOME: '/run/b/home' },
    env: ['DIR=/workspace/x', 'URL=https://host/workspace', 'BOTH=/cache:/usr/lib'],
    automapped: {},
    shimFolder: '/shim',
    givenFolder: '/given',
    nodeFolder: '/node/bin',
    origin: 'http://127.0.0.1:1',
    project: 'p',
    scriptFile: '/run/b/scripts/step-0',
    exists: (file) =>
      [
        '/usr/bin/git',
        '/bin/sh',
        '/usr/bin/gcloud',
        '/shim/docker',
        '/given/k6',
        '/node/bin/node',
        '/run/b/workspace/run.sh',
      ].includes(file),
  };

  test('translates container paths where they stand, and nothing else', () => {
    const step = {
      name: 'ubuntu',
      args: [
        'sh',
        '-c',
        'cd /workspace && cp a/workspace /cache/$x',
        '--out=/workspace/o',
        '/workspaces',
        './workspace',
      ],
    };
    expect(stepProcess(step, undefined, around)).toEqual({
      command: '/bin/sh',
      args: [
        '-c',
        'cd /run/b/workspace && cp a/workspace /run/b/volumes/cache/$x',
        '--out=/run/b/workspace/o',
        '/workspaces',
        './workspace',
      ],
      cwd: '/run/b/workspace',
      env: {
        ...around.machineEnv,
        DIR: '/run/b/workspace/x',
        URL: 'https://host/workspace',
        BOTH: '/run/b/volumes/cache:/usr/lib',
      },
    });
  });

  test.each<[name: string, step: object, command: string, cwd: string]>([
    [
      'an entrypoint in the workspace',
      { name: 'ubuntu', entrypoint: '/workspace/run.sh' },
      '/run/b/workspace/run.sh',
      '/run/b/workspace',
    ],
    ['a relative one', { name: 'ubuntu', args: ['./run.sh'] }, '/run/b/workspace/run.sh', '/run/b/workspace'],
    [
      'a dir',
      { name: 'gcr.io/cloud-builders/git', args: ['status'], dir: 'sub' },
      '/usr/bin/git',
      '/run/b/workspace/sub',
    ],
    [
      'an absolute dir',
      { name: 'gcr.io/cloud-builders/git', args: ['status'], dir: '/cache/x' },
      '/usr/bin/git',
      '/run/b/volumes/cache/x',
    ],
    [
      'docker is the shim',
      { name: 'gcr.io/cloud-builders/docker', args: ['build', '.'] },
      '/shim/docker',
      '/run/b/workspace',
    ],
    [
      'k6 is what was given',
      { name: 'grafana/k6:2.3.0', args: ['run', 'x.ts'] },
      '/given/k6',
      '/run/b/workspace',
    ],
    [
      'node where the image has it',
      { name: 'node:24', entrypoint: '/usr/local/bin/node' },
      '/node/bin/node',
      '/run/b/workspace',
    ],
  ])('%s', (_, step, command, cwd) => {
    expect(stepProcess(step, undefined, around)).toMatchObject({ command, cwd });
  });

  test('gcloud is pointed at the local cloud', () => {
    const { env } = stepProcess(
      { name: 'gcr.io/cloud-builders/gcloud', args: ['run', 'deploy'] },
      undefined,
      around,
    );
    expect(env).toMatchObject({
      CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: 'http://127.0.0.1:1/',
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      CLOUDSDK_CORE_PROJECT: 'p',
    });
  });

  test.each<[name: string, step: object, message: RegExp]>([
    [
      'gsutil',
      { name: 'gcr.io/cloud-builders/gsutil' },
      /gsutil cannot be pointed at the local cloud; use "gcloud storage"/,
    ],
    ['nothing to run', { name: 'ubuntu' }, /the image ubuntu has no entrypoint/],
    ['an unknown image', { name: 'ruby:3' }, /"ruby:3" is neither built here .* use one of: node:24\*, /],
    [
      'a tool that is not installed',
      { name: 'gcr.io/cloud-builders/curl' },
      /"curl" is not installed on this machine/,
    ],
  ])('%s is refused', (_, step, message) => {
    expect(() => stepProcess(step, undefined, around)).toThrow(message);
  });

  test.each([
    ['echo x', ['/bin/sh']],
    ['#!/bin/bash -eu\necho', ['/bin/bash', '-eu']],
    ['#!/usr/bin/env node\n1', ['node']],
    ['#! /usr/bin/env -S node --trace\r\n1', ['node', '--trace']],
  ])('the interpreter of %j', (script, words) => {
    expect(scriptInterpreter(script)).toEqual(words);
  });
});

describe('waitFor', () => {
  test.each([
    ['serial', [{}, {}, {}], [[], [0], [0, 1]]],
    ['at once', [{}, { waitFor: ['-'] }, { waitFor: ['-'] }], [[], [], []]],
    ['by id', [{ id: 'a' }, { id: 'b', waitFor: ['-'] }, { waitFor: ['b'] }, {}], [[], [], [1], [0, 1, 2]]],
  ])('%s', (_, steps, expected) => {
    expect(stepDependencies(steps)).toEqual(expected);
  });
});

describe('ref patterns', () => {
  test.each<[pattern: string, ref: string, matches: boolean]>([
    ['main', 'main', true],
    ['main', 'feature/main-menu', true],
    ['^main$', 'feature/main', false],
    ['^v\\d+\\.\\d+$', 'v1.2', true],
    ['.*', 'anything', true],
    ['(?i)^MAIN$', 'main', true],
    ['^(?P<kind>feature|fix)/', 'fix/1', true],
    ['\\Amain\\z', 'main', true],
    ['^r[[:digit:]]+$', 'r12', true],
  ])('%s on %s: %s', (pattern, ref, matches) => {
    expect(refPattern(pattern).test(ref)).toBe(matches);
  });

  test.each(['^(?!main)', '(a)\\1', '(', '[z-a]'])('%s is refused', (pattern) => {
    expect(() => refPattern(pattern)).toThrow(/is no (RE2|regular) expression/);
  });

  test.each([
    ['refs/heads/feature/x', { kind: 'branch', name: 'feature/x' }],
    ['refs/tags/v1', { kind: 'tag', name: 'v1' }],
    ['refs/pull/1/head', undefined],
  ])('%s', (ref, expected) => {
    expect(readRef(ref)).toEqual(expected);
  });
});

test('lines of a stream get their prefix once they are whole', () => {
  const written: string[] = [];
  const lines = lineWriter(stepTitle(1, 'unit'), (text) => written.push(text));
  lines.push('a\nb');
  lines.push('c\r\n\nd');
  lines.end();
  expect(written).toEqual([
    'Step #1 - "unit": a',
    'Step #1 - "unit": bc\nStep #1 - "unit": ',
    'Step #1 - "unit": d',
  ]);
});
