import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { lintImage, ruleNames, type ImageSource } from '../../../../scripts/builder/image/lint-image.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const digest = `@sha256:${'a'.repeat(64)}`;

/** Nothing is wrong with it. */
const good = `# the good one
ARG NODE=node:24-slim${digest}
FROM \${NODE} AS deps
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci

FROM deps AS build
COPY . .
RUN npm run build

FROM gcr.io/distroless/nodejs24-debian12:nonroot${digest}
ARG REVISION
LABEL org.opencontainers.image.title="shop" \\
      org.opencontainers.image.source="https://example.com/shop" \\
      org.opencontainers.image.version="1.2.3" \\
      org.opencontainers.image.revision="\${REVISION}"
WORKDIR /app
COPY --from=build /build/dist ./
USER nonroot
CMD ["server.js"]
`;

function lint(dockerfile: string, changes: Partial<ImageSource> = {}): string[] {
  return lintImage({
    file: 'app/Dockerfile',
    dockerfile,
    ignoreFile: 'app/.dockerignore',
    dockerignore: 'node_modules\n.git\n.env*\n',
    packageVersion: '1.2.3',
    ...changes,
  }).map(({ file, line, rule }) => `${path.basename(file)}:${line} ${rule}`);
}

/** The good one with one thing changed. */
const changed = (from: string, to: string): string => {
  expect(good).toContain(from);
  return good.replace(from, to);
};
/** With another last stage, up to its labels. */
const finalStage = (...lines: string[]): string =>
  good.replace('WORKDIR /app\n', `${lines.join('\n')}\nWORKDIR /app\n`);

test('nothing is found in a good one', () => {
  expect(lint(good)).toEqual([]);
});

describe('what is found', () => {
  test.each<[string, string, string[]]>([
    ['no digest', changed(`node:24-slim${digest}`, 'node:24-slim'), ['3 base-image-pinned']],
    ['a global ARG without default', changed(`=node:24-slim${digest}`, ''), ['3 base-image-pinned']],
    ['latest', changed(`node:24-slim${digest}`, `node:latest${digest}`), ['3 no-latest']],
    [
      'neither tag nor digest',
      changed(`node:24-slim${digest}`, 'node'),
      ['3 base-image-pinned', '3 no-latest'],
    ],
    [
      'COPY --from of an image that is not pinned',
      finalStage('COPY --from=busybox:1.37 /bin/sh /bin/sh'),
      ['18 base-image-pinned'],
    ],
    [
      'a whole distribution',
      changed('gcr.io/distroless/nodejs24-debian12:nonroot', 'node:24-bookworm'),
      ['12 final-base'],
    ],
    [
      'a last stage on one that is large',
      changed(
        `FROM gcr.io/distroless/nodejs24-debian12:nonroot${digest}`,
        `FROM node:24${digest} AS big\nFROM big`,
      ),
      ['12 final-base'],
    ],
    ['no USER', changed('USER nonroot\n', ''), ['12 final-user']],
    ['USER root', changed('USER nonroot', 'USER root'), ['20 final-user']],
    ['USER 0', changed('USER nonroot', 'USER 0:0'), ['20 final-user']],
    ['a USER that may be anybody', changed('USER nonroot', 'USER $WHO'), ['20 final-user']],
    ['root again after nonroot', changed('USER nonroot', 'USER nonroot\nUSER root'), ['21 final-user']],
    [
      'ADD of an address',
      changed('RUN npm run build', 'ADD https://example.com/a.tar.gz /a'),
      ['10 no-remote-add'],
    ],
    [
      'ADD of a git repository',
      changed('RUN npm run build', 'ADD git@github.com:a/b.git /a'),
      ['10 no-remote-add'],
    ],
    ['a secret by its name', finalStage('ENV DATABASE_PASSWORD=x'), ['18 no-secrets']],
    ['the old form of ENV', finalStage('ENV API_TOKEN some words'), ['18 no-secrets']],
    ['a secret ARG without value', changed('RUN npm run build', 'ARG NPM_TOKEN'), ['10 no-secrets']],
    ['an address with a password', finalStage('ENV DB=postgres://me:secret@db/board'), ['18 no-secrets']],
    ['COPY . in the last stage', finalStage('COPY . .'), ['18 no-copy-all']],
    ['COPY ./ in the last stage', finalStage('COPY --chown=1:1 ./ /app/'), ['18 no-copy-all']],
    ['npm install', changed('npm ci', 'npm install'), ['6 npm-ci']],
    ['npm i behind a command', changed('npm ci', 'cd . && npm --no-audit i'), ['6 npm-ci']],
    [
      'npm install in a here-document',
      changed('RUN npm ci', 'RUN <<EOF\nset -e\nnpm install\nEOF'),
      ['6 npm-ci'],
    ],
    ['a tool without version', changed('npm ci', 'npm ci && npm install -g turbo'), ['6 npm-ci']],
    ['CMD for a shell', changed('CMD ["server.js"]', 'CMD node server.js'), ['21 exec-form']],
    ['ENTRYPOINT for a shell', finalStage('ENTRYPOINT node'), ['18 exec-form']],
    [
      'labels that are missing',
      changed('      org.opencontainers.image.source="https://example.com/shop" \\\n', ''),
      ['14 oci-labels'],
    ],
    ['a label that is empty', changed('"shop"', '""'), ['14 oci-labels']],
    ['a revision for all commits', changed('"${REVISION}"', '"abc"'), ['14 oci-labels']],
    ['another version than the package', changed('"1.2.3"', '"1.2.2"'), ['14 oci-labels']],
    ['no Dockerfile at all', 'hello world\n', ['1 syntax']],
    ['a here-document without end', 'FROM scratch\nRUN <<EOF\nls\n', ['2 syntax']],
    ['no stage', '# nothing\n', ['1 syntax']],
    ['a substitution that Docker has not got', 'FROM a${B!x}\n', ['1 syntax']],
  ])('%s', (_what, dockerfile, expected) => {
    expect(lint(dockerfile)).toEqual(expected.map((each) => `Dockerfile:${each}`));
  });

  test.each<[string, string]>([
    ['all of node_modules', finalStage('COPY --from=deps /build/node_modules ./node_modules')],
    ['the folder around it', finalStage('COPY --from=build /build /app')],
    ['by the number of the stage', finalStage('COPY --from=0 /build/ ./')],
    [
      'over a stage in between',
      good
        .replace(
          'RUN npm run build',
          'RUN npm run build\nFROM scratch AS mid\nCOPY --from=deps /build/ /mid/',
        )
        .replace('WORKDIR /app\n', 'COPY --from=mid / /all\n'),
    ],
    ['installed in the last stage', finalStage('RUN npm ci')],
  ])('development dependencies: %s', (_what, dockerfile) => {
    expect(lint(dockerfile)).toEqual([expect.stringMatching(/ no-dev-dependencies$/)]);
  });

  test.each<[string, string]>([
    ['npm ci --omit=dev', changed('npm ci', 'npm ci --omit=dev')],
    ['pruned', changed('RUN npm run build', 'RUN npm run build && npm prune --omit=dev')],
    ['NODE_ENV', changed('RUN npm ci', 'ENV NODE_ENV=production\nRUN npm ci')],
    ['removed', changed('RUN npm run build', 'RUN npm run build && rm -rf node_modules')],
  ])('no development dependencies: %s', (_what, dockerfile) => {
    expect(lint(dockerfile.replace('/build/dist', '/build'))).toEqual([]);
  });

  test.each<[string, string]>([
    [
      'names of files with secrets',
      finalStage('ENV PASSWORD_FILE=/run/p TOKEN_URL=https://example.com/t TOKEN_LIMIT=5 MAX_TOKENS=9'),
    ],
    ['a tool by its version', changed('npm ci', 'npm ci && npm install -g turbo@2.0.1')],
    ['npm run install:all', changed('npm ci', 'npm ci && npm run install')],
    ['a number as user', changed('USER nonroot', 'USER 101:101')],
    ['secrets of the build itself', changed('RUN npm ci', 'RUN --mount=type=secret,id=npm npm ci')],
    ['an instruction that only Docker knows', finalStage('VOLUME /data')],
    ['COPY of a folder', finalStage('COPY ./migrations ./migrations')],
    ['a slim last stage', changed('gcr.io/distroless/nodejs24-debian12:nonroot', 'node:24.1-bookworm-slim')],
  ])('not found: %s', (_what, dockerfile) => {
    expect(lint(dockerfile)).toEqual([]);
  });
});

describe('.dockerignore', () => {
  test.each<[string, string | undefined, number]>([
    ['is not there', undefined, 1],
    ['leaves everything in', '', 3],
    ['forgets .git', 'node_modules\n.env*', 1],
    ['takes one .env back', 'node_modules\n.git\n.env*\n!.env.production', 1],
    ['leaves out everything but sources', '*\n!src', 0],
  ])('%s', (_what, dockerignore, count) => {
    expect(lint(good, { dockerignore })).toEqual(Array<string>(count).fill('.dockerignore:1 dockerignore'));
  });
});

describe('allowances', () => {
  const asRoot = changed('USER nonroot', 'USER root');
  test('cover one rule at one instruction', () => {
    const allowed = asRoot.replace('USER', '# lint-dockerfile: allow final-user, because of the port\nUSER');
    expect(lint(allowed)).toEqual([]);
    expect(lint(allowed.replace('allow final-user', 'allow no-latest'))).toEqual([
      'Dockerfile:20 syntax',
      'Dockerfile:21 final-user',
    ]);
  });
  test.each(['allow final-user', 'allow final-user, because', 'ignore final-user, because of it'])(
    'need a reason and their form: %s',
    (comment) => {
      expect(lint(asRoot.replace('USER', `# lint-dockerfile: ${comment}\nUSER`))).toEqual([
        'Dockerfile:20 syntax',
        'Dockerfile:21 final-user',
      ]);
    },
  );
  test('that nothing needs any more are found', () => {
    expect(lint(good.replace('USER', '# lint-dockerfile: allow final-user, because of x\nUSER'))).toEqual([
      'Dockerfile:20 syntax',
    ]);
  });
});

test('a secret itself is never shown', () => {
  const [finding] = lintImage({
    ...{ file: 'Dockerfile', ignoreFile: '.dockerignore', dockerignore: '*', packageVersion: undefined },
    dockerfile: finalStage('ENV PASSWORD=hunter2'),
  });
  expect(finding?.message).toContain('PASSWORD');
  expect(finding?.message).not.toContain('hunter2');
});

test('every rule has a name of its own', () => {
  expect(new Set(ruleNames.map(({ name }) => name)).size).toBe(ruleNames.length);
});

const images = readdirSync(path.join(root, 'services'))
  .map((name) => `services/${name}`)
  .filter((folder) => existsSync(path.join(root, folder, 'Dockerfile')));
test.each([
  ...images.map((folder) => [folder, 'Dockerfile.dockerignore'] as const),
  ['docs/flutter', '.dockerignore'] as const,
])('nothing is found in %s', (folder, dockerignore) => {
  const read = (name: string): string => readFileSync(path.join(root, folder, name), 'utf8');
  const packageVersion = folder.startsWith('services/')
    ? (JSON.parse(read('package.json')) as { version: string }).version
    : undefined;
  expect(lint(read('Dockerfile'), { dockerignore: read(dockerignore), packageVersion })).toEqual([]);
});
