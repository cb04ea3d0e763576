import { describe, expect, test } from '@jest/globals';
import { baseImage } from '../../../local/images/base-images.ts';
import { parseReference, repositoryImage } from '../../../local/images/image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('baseImage', () => {
  test.each([
    'node:24',
    'node:24-slim',
    'node:24.21.0-alpine3.22',
    'docker.io/library/node:24',
    'library/node:24-bookworm',
    `node:24-slim@${digest}`,
  ])('%s is Node with a shell', (reference) => {
    expect(baseImage(reference, '24.1.0')).toMatchObject({
      config: {
        entrypoint: ['docker-entrypoint.sh'],
        cmd: ['node'],
        tools: ['node24', 'shell'],
        env: { NODE_VERSION: '24.1.0' },
      },
    });
  });

  test.each([
    ['gcr.io/distroless/nodejs24-debian12', '0'],
    [`gcr.io/distroless/nodejs24-debian13:nonroot@${digest}`, '65532'],
  ])('%s is Node without a shell', (reference, user) => {
    expect(baseImage(reference, '24.1.0')).toMatchObject({
      config: { entrypoint: ['/nodejs/bin/node'], user, tools: ['node24'] },
    });
  });

  test('scratch is empty', () => {
    expect(baseImage('scratch', '24.1.0')).toMatchObject({
      config: { entrypoint: [], tools: [] },
      files: [],
    });
  });

  test.each([
    'node',
    'node:22',
    'node:240',
    `node@${digest}`,
    'evil.io/node:24',
    'python:3',
    'gcr.io/distroless/nodejs24-debian12:debug',
    'NOT A NAME',
  ])('%s is unknown', (reference) => {
    expect(baseImage(reference, '24.1.0')).toBeUndefined();
  });
});

describe('parseReference', () => {
  test.each([
    ['node', { name: 'node' }],
    ['node:24', { name: 'node', tag: '24' }],
    ['localhost:5000/a/b', { name: 'localhost:5000/a/b' }],
    [`a/b:t@${digest}`, { name: 'a/b', tag: 't', digest }],
  ])('%s', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each(['', 'A/b', 'a:', 'a@sha256:1', 'a b', '-a', 'a//b'])('"%s" is none', (text) => {
    expect(parseReference(text)).toBeUndefined();
  });

  test('a name of Artifact Registry', () => {
    expect(repositoryImage('europe-west1-docker.pkg.dev/p/slipway/team/api')).toEqual({
      host: 'europe-west1-docker.pkg.dev',
      location: 'europe-west1',
      projectId: 'p',
      repository: 'slipway',
      image: 'team/api',
    });
    expect(repositoryImage('gcr.io/p/api')).toBeUndefined();
  });
});
