import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DockerfileError } from '../../../local/images/dockerfile-lines.ts';
import { buildFixture, type BuildFixture } from './build-fixture.ts';

let fixture: BuildFixture;
beforeEach(() => {
  fixture = buildFixture();
});
afterEach(() => {
  fixture.remove();
});

/** Builds with this Dockerfile; other files of the context stay as they are. */
const build = (dockerfile: string, ...args: string[]) => {
  fixture.files({ Dockerfile: dockerfile });
  return fixture.build(...args);
};
const read = (image: { rootFolder: string }, file: string): string =>
  readFileSync(path.join(image.rootFolder, file), 'utf8');

/** How often a RUN of the marker was really executed. */
const marker = () => path.join(fixture.folder, '..', 'ran');
const ran = (): number => (existsSync(marker()) ? readFileSync(marker(), 'utf8').length : 0);
/** `../../../../ran` is outside of the store: the one place a test can see from inside a stage. */
const mark = 'printf x >> "$MARK"';

const multiStage = `FROM node:24-slim AS deps
WORKDIR /build
ARG MARK
COPY package*.json ./
RUN npm ci && ${mark}

FROM deps AS build
COPY . .
RUN mkdir dist && cat src/*.txt > dist/all.txt && node -e "require('fs').writeFileSync('dist/server.js', 'console.log(1)')"

FROM node:24 AS unused
RUN exit 7

FROM gcr.io/distroless/nodejs24-debian12:nonroot
ARG REVISION=unknown
ENV COMMIT_SHA=\${REVISION}
LABEL revision=\${REVISION}
WORKDIR /app
COPY --from=build /build/dist ./
CMD ["server.js"]
`;

function project(): void {
  const version = { name: 'x', version: '1.0.0' };
  fixture.files({
    'package.json': JSON.stringify(version),
    'package-lock.json': JSON.stringify({
      ...version,
      lockfileVersion: 3,
      requires: true,
      packages: { '': version },
    }),
    'src/a.txt': 'a',
    'src/b.txt': 'b',
    'secret.env': 'not for images',
    '.dockerignore': '*\n!src\n!package*.json\n',
  });
}

describe('a build in several stages', () => {
  const args = () => ['--build-arg', `MARK=${marker()}`];

  test('gives an image with its files and its config', async () => {
    project();
    const { image, log } = await build(multiStage, '-t', 'x', '--build-arg', 'REVISION=abc', ...args());
    expect(log[0]).toMatch(/^No container engine: .* RUN is not isolated/);
    expect(read(image, 'app/all.txt')).toBe('ab');
    expect(readdirSync(path.join(image.rootFolder, 'app')).sort()).toEqual(['all.txt', 'server.js']);
    expect(image.config).toMatchObject({
      entrypoint: ['/nodejs/bin/node'],
      cmd: ['server.js'],
      workingDir: '/app',
      user: '65532',
      env: { COMMIT_SHA: 'abc' },
      labels: { revision: 'abc' },
    });
    expect(log.join('\n')).not.toContain('exit 7');
    expect(readdirSync(path.join(fixture.disk.folder, 'work'))).toEqual([]);
  });

  test('runs nothing again when nothing changed, also for another config', async () => {
    project();
    const first = await build(multiStage, ...args());
    const second = await build(multiStage, ...args());
    const third = await build(multiStage, '--build-arg', 'REVISION=def', ...args());
    expect(ran()).toBe(1);
    expect(second.image.digest).toBe(first.image.digest);
    expect(second.log.filter((line) => line.startsWith('[') && !line.includes('FROM'))).toEqual([]);
    expect(second.log).toContain('CACHED [build 2/3] COPY . .');
    expect(third.image.digest).not.toBe(first.image.digest);
    expect(third.image.rootFolder).toBe(first.image.rootFolder);
  });

  test('goes on behind npm ci when only sources changed', async () => {
    project();
    await build(multiStage, ...args());
    fixture.files({ 'src/a.txt': 'A' });
    const { image, log } = await build(multiStage, ...args());
    expect(read(image, 'app/all.txt')).toBe('Ab');
    expect(ran()).toBe(1);
    expect(log).toContain(`CACHED [deps 4/4] RUN npm ci && ${mark}`);
  });

  test('goes on behind npm ci within one stage too', async () => {
    project();
    const single = `FROM node:24\nWORKDIR /app\nARG MARK\nCOPY package*.json ./\nRUN npm ci && ${mark}\nCOPY src src\nRUN cat src/a.txt > out\n`;
    await build(single, ...args());
    fixture.files({ 'src/a.txt': 'A' });
    const { image, log } = await build(single, ...args());
    expect([read(image, 'app/out'), ran()]).toEqual(['A', 1]);
    expect(log).toContain('[stage-0 5/6] COPY src src');
    expect(log).toContain(`CACHED [stage-0 4/6] RUN npm ci && ${mark}`);
  });

  test('a target that was a stage of another build is not built again', async () => {
    project();
    await build(multiStage, ...args());
    const { image } = await build(multiStage, '--target', 'deps', ...args());
    expect(ran()).toBe(1);
    expect(existsSync(path.join(image.rootFolder, 'build/package.json'))).toBe(true);
  });

  test('two at once build each part once and give the same image', async () => {
    project();
    const [a, b] = await Promise.all([build(multiStage, ...args()), build(multiStage, ...args())]);
    expect(ran()).toBe(1);
    expect(a.image.digest).toBe(b.image.digest);
  });

  test('three different ones at once do not disturb one another', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names)
      fixture.files({
        [`${name}/Dockerfile`]: 'FROM node:24\nWORKDIR /app\nCOPY x .\nRUN cat x x > y',
        [`${name}/x`]: name,
      });
    const built = await Promise.all(
      names.map((name) => fixture.build('-f', `${name}/Dockerfile`).catch(() => undefined)),
    );
    // The context is the folder above: "x" is not in it.
    expect(built).toEqual([undefined, undefined, undefined]);
    for (const name of names)
      fixture.files({
        [`${name}/Dockerfile`]: `FROM node:24\nWORKDIR /app\nCOPY ${name}/x .\nRUN cat x x > y`,
      });
    const images = await Promise.all(names.map((name) => fixture.build('-f', `${name}/Dockerfile`)));
    expect(images.map(({ image }) => read(image, 'app/y'))).toEqual(['aa', 'bb', 'cc']);
  });

  test('a later stage never changes what an earlier one has kept', async () => {
    fixture.files({ x: '1' });
    const source = 'FROM node:24 AS a\nWORKDIR /app\nCOPY x .\nRUN true\nFROM a\nRUN echo 2 > x\n';
    await build(source);
    const { image } = await build(source, '--target', 'a');
    expect(read(image, 'app/x')).toBe('1');
  });

  test('an image that was built here is a base', async () => {
    fixture.files({ x: '1' });
    const base = await build('FROM node:24\nWORKDIR /app\nENV A=1\nCOPY x .', '-t', 'base:1');
    const { image } = await build('FROM base:1\nRUN cat x x > y\nCMD ["y"]');
    expect(read(image, 'app/y')).toBe('11');
    expect(image.config).toMatchObject({
      env: { A: '1' },
      workingDir: '/app',
      entrypoint: ['docker-entrypoint.sh'],
      cmd: ['y'],
    });
    expect(existsSync(path.join(base.image.rootFolder, 'app/y'))).toBe(false);
    const copied = await build('FROM scratch\nCOPY --from=base:1 /app/x /x');
    expect(readdirSync(copied.image.rootFolder)).toEqual(['x']);
  });
});

describe('the digest', () => {
  test('is of content and config, not of how they came about', async () => {
    fixture.files({ x: '1', y: '1' });
    const a = await build('FROM scratch\nCOPY x /x\n');
    const b = await build('# another way\nFROM scratch\nARG S=y\nCOPY $S /x\n');
    expect(b.image.digest).toBe(a.image.digest);
    expect(a.image.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    chmodSync(path.join(fixture.folder, 'x'), 0o755);
    const c = await build('FROM scratch\nCOPY x /x\n');
    expect(c.image.digest).not.toBe(a.image.digest);
  });
});

describe('COPY and ADD', () => {
  test('keep modes and symbolic links, follow a named link, leave ignored files out', async () => {
    fixture.files({ 'd/run.sh': '#!/bin/sh', 'd/sub/x': '1', 'd/skip.log': '', '.dockerignore': '**/*.log' });
    chmodSync(path.join(fixture.folder, 'd/run.sh'), 0o750);
    symlinkSync('sub/x', path.join(fixture.folder, 'd/link'));
    const { image } = await build('FROM scratch\nCOPY d /d\nCOPY d/link /e/\nCOPY --chmod=700 d/sub /f\n');
    const at = (file: string) => path.join(image.rootFolder, file);
    expect(statSync(at('d/run.sh')).mode & 0o777).toBe(0o750);
    expect(readlinkSync(at('d/link'))).toBe('sub/x');
    expect(lstatSync(at('e/link')).isFile()).toBe(true);
    expect(existsSync(at('d/skip.log'))).toBe(false);
    expect(statSync(at('f/x')).mode & 0o777).toBe(0o700);
  });

  test('globs, and one that matches nothing beside one that does', async () => {
    fixture.files({ 'a.json': 'a', 'b.json': 'b', 'd/c.json': 'c' });
    const { image } = await build('FROM scratch\nCOPY *.json yarn.loc[k] */c.json /x/\n');
    expect(readdirSync(path.join(image.rootFolder, 'x')).sort()).toEqual(['a.json', 'b.json', 'c.json']);
  });

  test('a file replaces a link instead of being written through it', async () => {
    fixture.files({ x: '1' });
    const outside = path.join(fixture.folder, 'outside');
    writeFileSync(outside, 'untouched');
    const { image } = await build(
      `FROM node:24 AS a\nWORKDIR /app\nRUN ln -s "$PWD/../../../../../context/outside" x\nCOPY x .\n`,
    );
    expect([read(image, 'app/x'), readFileSync(outside, 'utf8')]).toEqual(['1', 'untouched']);
  });

  test.each([
    ['a missing file', 'COPY nothing /x', '"nothing" was not found in the build context .'],
    [
      'an ignored file',
      'COPY secret /x',
      '"secret" was not found in the build context . (.dockerignore leaves it out)',
    ],
    ['a glob without matches', 'COPY *.none /x/', 'no file in the build context . matches *.none'],
    ['a way out of the context', 'COPY ../../../etc/hostname /x', '"../../../etc/hostname" was not found'],
    ['an archive to unpack', 'ADD a.tgz /x/', 'ADD would unpack a.tgz, which is not supported'],
    ['an image that is not there', 'COPY --from=nowhere a b', 'the image "nowhere" is neither a stage'],
    ['files of a base image', 'COPY --from=node:24 /usr/local/bin/node /x', 'node:24 holds no files here'],
  ])('%s is an error with its line', async (_name, instruction, message) => {
    fixture.files({ secret: '', '.dockerignore': 'secret', 'a.tgz': '\u001f\u008b' });
    writeFileSync(path.join(fixture.folder, 'a.tgz'), Buffer.from('1f8b0800', 'hex'));
    const failed = build(`FROM node:24\n${instruction}`);
    await expect(failed).rejects.toThrow(DockerfileError);
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(/^Dockerfile:2: /);
  });
});

describe('RUN', () => {
  test('has the environment of the image and the build, and nothing of the starter', async () => {
    process.env.STARTER_SECRET = 'x';
    try {
      const { image } = await build(
        'FROM node:24\nARG A=a\nENV B=b\nWORKDIR /app\nRUN env > env.txt\nRUN node -v > v\n',
      );
      const env = read(image, 'app/env.txt');
      expect(env).toMatch(/^A=a$/m);
      expect(env).toMatch(/^B=b$/m);
      expect(env).toMatch(/^HOME=.*\/root$/m);
      expect(env).not.toMatch(/STARTER_SECRET|CLOUD_API_ENDPOINT|GCE_METADATA_HOST/);
      expect(read(image, 'app/v')).toBe(`${process.version}\n`);
    } finally {
      delete process.env.STARTER_SECRET;
    }
  });

  test('finds its own paths below WORKDIR, in text and in exec form', async () => {
    const { image } = await build(
      'FROM node:24\nWORKDIR /app\nRUN echo 1 > /app/x\nRUN ["/bin/sh", "-c", "cat /app/x > y"]\n',
    );
    expect(read(image, 'app/y')).toBe('1\n');
  });

  test('keeps a cache between builds, and out of the image', async () => {
    const source = (text: string) =>
      `FROM node:24\nWORKDIR /app\nRUN --mount=type=cache,target=/root/.c echo ${text} >> /root/.c/log && cp /root/.c/log .\n`;
    await build(source('1'));
    const { image } = await build(source('2'));
    expect(read(image, 'app/log')).toBe('1\n2\n');
    expect(existsSync(path.join(image.rootFolder, 'root/.c'))).toBe(false);
  });

  test('a failing command tells the command, its line and the code, and leaves nothing behind', async () => {
    const failed = build('FROM node:24\nWORKDIR /app\nRUN echo before && \\\n  exit 3\n');
    await expect(failed).rejects.toThrow('Dockerfile:3: "RUN echo before && exit 3" failed with exit code 3');
    expect(readdirSync(path.join(fixture.disk.folder, 'layers'))).toEqual([]);
    expect(readdirSync(path.join(fixture.disk.folder, 'work'))).toEqual([]);
    expect(readdirSync(path.join(fixture.disk.folder, 'locks'))).toEqual([]);
  });

  test('output of a process left in the background does not hold the build up', async () => {
    const { image } = await build('FROM node:24\nWORKDIR /app\nRUN (sleep 20 & echo $! > pid)\n');
    process.kill(Number(read(image, 'app/pid')), 'SIGKILL');
  });

  test.each([
    [
      'a path of the image',
      'RUN mkdir /data',
      /^Dockerfile:2: RUN names a path that it cannot have: \/data lies/,
    ],
    ['a missing command', 'RUN ["no-such-tool"]', /^Dockerfile:2: "no-such-tool" was not found/],
  ])('%s is refused', async (_name, instruction, message) => {
    await expect(build(`FROM node:24\n${instruction}`)).rejects.toThrow(message);
  });

  test('is refused where the image has no shell', async () => {
    await expect(build('FROM gcr.io/distroless/nodejs24-debian12\nRUN true')).rejects.toThrow(
      'Dockerfile:2: the image has no shell to run it with',
    );
  });
});

describe('FROM', () => {
  test('an unknown image is an error that names the known ones', async () => {
    await expect(build('FROM python:3')).rejects.toThrow(
      /^Dockerfile:1: the image "python:3" .*node:24.*distroless.*scratch/,
    );
  });

  test('an unknown target names the stages', async () => {
    await expect(build('FROM scratch AS a\nFROM scratch', '--target', 'b')).rejects.toThrow(
      'Dockerfile has no stage "b"; it has a, 1',
    );
  });

  test('a build argument that nothing takes is said, unless it is one of the builder itself', async () => {
    const given = ['TYPO=1', 'BUILDKIT_INLINE_CACHE=1', 'HTTP_PROXY=x'].flatMap((each) => [
      '--build-arg',
      each,
    ]);
    const { log } = await build('FROM scratch', ...given);
    expect(log.filter((line) => line.startsWith('warning'))).toEqual([
      'warning: the build argument TYPO is declared by no ARG of Dockerfile',
    ]);
  });
});
