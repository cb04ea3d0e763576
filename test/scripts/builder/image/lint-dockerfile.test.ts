import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parseJunit } from '../../../../scripts/builder/junit.ts';
import { runBuilder } from '../../../../scripts/builder/run-builder.ts';
import { surroundings } from '../builder-surroundings.ts';

const digest = `@sha256:${'a'.repeat(64)}`;
const label = 'org.opencontainers.image';
const good = `FROM node:24-slim${digest}
ARG REVISION
LABEL ${label}.title=a ${label}.source=b ${label}.version=1.0.0 ${label}.revision=$REVISION
COPY server.js ./
USER 1000
CMD ["server.js"]
`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-lint-'));
  await mkdir(path.join(folder, 'services/api'), { recursive: true });
  await write('.dockerignore', '*\n!server.js\n');
  await write('package.json', '{ "version": "1.0.0" }');
  await write('Dockerfile', good);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, content: string): Promise<void> =>
  writeFile(path.join(folder, 'services/api', name), content);

async function lint(): Promise<{ exitCode: number; text: string; gate: string }> {
  const around = surroundings(folder);
  const exitCode = await runBuilder(['lint-dockerfile', '--folder', 'services/api/'], around);
  const gate = await readFile(path.join(folder, '.slipway/gates/lint-dockerfile'), 'utf8').catch(
    () => 'none',
  );
  return { exitCode, text: around.printed.join('\n'), gate };
}
const reported = async () =>
  parseJunit(await readFile(path.join(folder, 'services/api/reports/lint-dockerfile.junit.xml'), 'utf8'));

describe('lint-dockerfile', () => {
  test('a good one passes, with a test for each rule', async () => {
    const { exitCode, text, gate } = await lint();
    expect(text).toMatch(/^services\/api\/Dockerfile keeps all \d+ rules$/);
    expect(exitCode).toBe(0);
    expect(gate).toBe('0 0.0\n');
    const tests = await reported();
    expect(tests.length).toBeGreaterThan(10);
    expect(tests.every(({ outcome }) => outcome === 'passed')).toBe(true);
  });

  test('what is found has its place and its rule, in the log and in the report', async () => {
    await write('Dockerfile', good.replace('USER 1000', 'USER root').replace('1.0.0', '2.0.0'));
    const { exitCode, text, gate } = await lint();
    expect(text.split('\n')).toEqual([
      expect.stringMatching(/^services\/api\/Dockerfile:3 oci-labels: .*2\.0\.0, package\.json says 1\.0\.0/),
      expect.stringMatching(
        /^services\/api\/Dockerfile:5 final-user: the image runs as root: write USER nonroot/,
      ),
      '2 found. Again here: npm run gate -- api lint-dockerfile',
    ]);
    expect(exitCode).toBe(1);
    expect(gate).toBe('1 0.0\n');
    const failed = (await reported()).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name, file, line }) => `${name} ${file ?? ''}:${line ?? ''}`)).toEqual([
      'lint-dockerfile › final-user services/api/Dockerfile:5',
      'lint-dockerfile › oci-labels services/api/Dockerfile:3',
    ]);
  });

  test('a .dockerignore that is named after the Dockerfile counts before the other', async () => {
    await write('Dockerfile.dockerignore', '');
    expect((await lint()).text).toContain(
      'services/api/Dockerfile.dockerignore:1 dockerignore: node_modules',
    );
  });

  test.each([
    ['Dockerfile', 'services/api has no Dockerfile: write one, or correct the folder'],
    ['package.json', 'package.json cannot be read: '],
  ])('without a usable %s no outcome is left, not even an old one', async (name, expected) => {
    await lint();
    if (name === 'Dockerfile') await rm(path.join(folder, 'services/api', name));
    else await write(name, '{');
    const { exitCode, text, gate } = await lint();
    expect(text).toContain(expected);
    expect(exitCode).toBe(1);
    expect(gate).toBe('none');
  });
});
