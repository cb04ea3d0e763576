import { describe, expect, test } from '@jest/globals';
import { imageProcess, type ImageProcessOptions } from '../../../local/core/image-process.ts';
import type { Image, ImageConfig } from '../../../local/core/links.ts';

const files = new Set([
  '/img',
  '/img/app',
  '/img/app/server.js',
  '/img/usr/local/bin',
  '/tools/node',
  '/bin/sh',
  '/img/app/run',
]);

const image = (config: Partial<ImageConfig>): Image => ({
  reference: 'europe-west1-docker.pkg.dev/p/r/api@sha256:1',
  digest: 'sha256:1',
  rootFolder: '/img',
  config: {
    entrypoint: [],
    cmd: [],
    env: {},
    workingDir: '/app',
    user: '',
    labels: {},
    exposedPorts: [],
    stopSignal: 'SIGTERM',
    toolPaths: ['/tools'],
    ...config,
  },
});

const start = (config: Partial<ImageConfig>, options: Partial<ImageProcessOptions> = {}) =>
  imageProcess(image(config), {
    machineEnv: { PATH: '/usr/bin:/bin', HOME: '/home' },
    exists: (file) => files.has(file),
    ...options,
  });

describe('imageProcess', () => {
  test('ENTRYPOINT of the base, CMD and WORKDIR of the image', () => {
    expect(start({ entrypoint: ['/nodejs/bin/node'], cmd: ['server.js', '--dir=/app/x'] })).toEqual({
      command: '/tools/node',
      args: ['server.js', '--dir=/img/app/x'],
      cwd: '/img/app',
      env: { PATH: '/img/usr/local/bin:/tools:/usr/bin:/bin', HOME: '/home' },
    });
  });

  test('a command is looked up on PATH', () => {
    expect(start({ cmd: ['node', 'server.js'] }).command).toBe('/tools/node');
  });

  test('a relative command is one below WORKDIR', () => {
    expect(start({ cmd: ['./run'] }).command).toBe('/img/app/run');
  });

  test('args replace CMD, an entrypoint replaces both', () => {
    const config = { entrypoint: ['node'], cmd: ['server.js'] };
    expect(start(config, { args: ['x.js'] }).args).toEqual(['x.js']);
    expect(start(config, { entrypoint: ['/bin/sh'] })).toMatchObject({ command: '/bin/sh', args: [] });
  });

  test('the environment: machine, then image, then the one who starts, paths in their place', () => {
    const { env } = start(
      {
        cmd: ['node'],
        env: { A: 'image', DATA: '/app/data', PATH: '/app/bin:/usr/local/bin:/usr/bin', HOME: '/app' },
      },
      { env: { A: 'given', SRC: '/workspace/src' }, mounts: [{ inside: '/workspace', outside: '/ws' }] },
    );
    expect(env).toEqual({
      A: 'given',
      DATA: '/img/app/data',
      SRC: '/ws/src',
      HOME: '/img/app',
      PATH: '/img/app/bin:/img/usr/local/bin:/tools:/usr/bin:/bin',
    });
  });

  test('a working folder of its own, also a mount', () => {
    const mounts = [{ inside: '/workspace', outside: '/ws' }];
    expect(start({ cmd: ['node'] }, { workingDir: '/workspace/api', mounts }).cwd).toBe('/ws/api');
    expect(start({ cmd: ['node'], workingDir: '' }).cwd).toBe('/img');
  });

  test.each([
    ['nothing to run', {}, 'has neither ENTRYPOINT nor CMD'],
    [
      'a command that is nowhere',
      { cmd: ['python3'] },
      '"python3" was not found in the image nor on its PATH',
    ],
    ['a path that is nowhere', { cmd: ['/app/missing'] }, '"/app/missing" was not found'],
  ])('%s is an error', (_name, config, message) => {
    expect(() => start(config)).toThrow(message);
  });
});
