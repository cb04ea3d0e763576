import { describe, expect, test } from '@jest/globals';
import { parseDockerArguments, UsageError } from '../../../local/images/docker-arguments.ts';
import { dockerFormat } from '../../../local/images/docker-format.ts';

const build = {
  command: 'build',
  context: '.',
  file: undefined,
  tags: [],
  buildArgs: {},
  labels: {},
  target: undefined,
  idFile: undefined,
  push: false,
  quiet: false,
};

describe('parseDockerArguments', () => {
  test.each([
    ['build .', build],
    ['build -t a -t=b', undefined],
    ['build --tag a --tag=b:c -f d/Dockerfile .', { ...build, tags: ['a', 'b:c'], file: 'd/Dockerfile' }],
    ['buildx build --push -t a .', { ...build, tags: ['a'], push: true }],
    ['image build .', build],
    [
      'build --build-arg A=1=2 --build-arg FROM_ENV --build-arg UNSET .',
      { ...build, buildArgs: { A: '1=2', FROM_ENV: 'e' } },
    ],
    [
      'build --label a=b --target deps --iidfile id -q .',
      { ...build, labels: { a: 'b' }, target: 'deps', idFile: 'id', quiet: true },
    ],
    ['build --cache-from x --cache-to=y --platform linux/amd64 --pull --progress=plain --load .', build],
    ['push a:b', { command: 'push', reference: 'a:b', allTags: false, quiet: false }],
    ['push --all-tags a', { command: 'push', reference: 'a', allTags: true, quiet: false }],
    ['pull a', { command: 'pull', reference: 'a' }],
    ['tag a b', { command: 'tag', source: 'a', target: 'b' }],
    ['inspect --format {{.Id}} a', { command: 'inspect', references: ['a'], format: '{{.Id}}' }],
    ['images', { command: 'images', quiet: false }],
    ['save -o a.tar a:b', { command: 'save', reference: 'a:b', output: 'a.tar' }],
    ['image save --output=a.tar a', { command: 'save', reference: 'a', output: 'a.tar' }],
    ['login -u x --password-stdin https://y', { command: 'login' }],
    ['--version', { command: 'version-line' }],
    ['version', { command: 'version' }],
  ])('docker %s', (line, expected) => {
    if (expected === undefined) expect(() => parseDockerArguments(line.split(' '))).toThrow(UsageError);
    else expect(parseDockerArguments(line.split(' '), { FROM_ENV: 'e' })).toEqual(expected);
  });

  test.each([
    ['run x', 'docker run x is not supported'],
    ['compose up', 'docker compose up is not supported'],
    ['build --network host .', 'docker build --network is not supported'],
    ['build', 'docker build needs <context folder>'],
    ['build a b', 'docker build needs <context folder>'],
    ['build -', 'neither "-" nor a URL'],
    ['build https://github.com/x/y', 'neither "-" nor a URL'],
    ['build --platform linux/arm64 .', 'only linux/amd64'],
    ['build --push .', '--push needs --tag'],
    ['build . --tag', '--tag needs a value'],
    ['tag a', 'docker tag needs <source> <target>'],
    ['save a', 'docker save needs --output'],
    ['save -o a.tar a b', 'docker save needs <image>'],
    ['', 'is not supported'],
  ])('docker %s is refused', (line, message) => {
    expect(() => parseDockerArguments(line.split(' ').filter(Boolean))).toThrow(UsageError);
    expect(() => parseDockerArguments(line.split(' ').filter(Boolean))).toThrow(message);
  });
});

describe('dockerFormat', () => {
  const value = {
    Id: 'sha256:1',
    Size: 5,
    RepoDigests: ['a@b'],
    Config: { Cmd: ['x'], Labels: { 'a.b': 'c' } },
  };
  test.each([
    ['{{.Id}}', 'sha256:1'],
    ['{{ .Size }} bytes', '5 bytes'],
    ['{{index .RepoDigests 0}}', 'a@b'],
    ['{{json .Config.Cmd}}', '["x"]'],
    ['{{index .Config.Labels "a.b"}}', 'c'],
  ])('%s', (template, expected) => {
    expect(dockerFormat(template, value)).toBe(expected);
  });
  test.each(['{{.Nothing}}', '{{index .RepoDigests 1}}', '{{range .X}}'])('%s is an error', (template) => {
    expect(() => dockerFormat(template, value)).toThrow(UsageError);
  });
});
