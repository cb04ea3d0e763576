import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runBuilder } from '../../../scripts/builder/run-builder.ts';
import { surroundings } from './builder-surroundings.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-builder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ exitCode: number; text: string }> {
  const around = surroundings(folder);
  return { exitCode: await runBuilder(args, around), text: around.printed.join('\n') };
}

const sha = '0123456789abcdef0123456789abcdef01234567';
const deployArgs = (changes: Record<string, string> = {}): string[] =>
  Object.entries({
    service: 'api',
    environment: 'local',
    'image-file': 'image',
    commit: sha,
    build: 'b1b2c3d4-0000',
    ...changes,
  }).map(([option, value]) => `--${option}=${value}`);

describe('the command line', () => {
  test.each([
    ['--help', 'What the build steps of Slipway run.'],
    ['install --help', 'builder install --folder FOLDER'],
    ['gate --help', 'builder gate NAME'],
    ['cache --help', 'builder cache restore|save'],
    ['lint-dockerfile --help', 'builder lint-dockerfile --folder'],
    ['image-size --help', 'builder image-size --folder'],
    ['provenance --help', 'builder provenance --service'],
    ['results --help', 'builder results --folder'],
    ['deploy --help', 'builder deploy --service'],
  ])('%s explains', async (line, expected) => {
    const { exitCode, text } = await run(...line.split(' '));
    expect(text).toContain(expected);
    expect(exitCode).toBe(0);
  });

  test.each([
    [[], 'which command?'],
    [['deply'], 'there is no command "deply"'],
    [['install'], '--folder is needed'],
    [['install', '--folder', 'a', '--cache', 'bucket'], '--cache must have the form gs://bucket'],
    [['install', '--folder', 'a', '--folder', 'b', '--cache', 'gs://b'], '--folder is given more than once'],
    [['install', '--folder', '', '--cache', 'gs://bucket'], '--folder is needed'],
    [['install', '--folder', 'a', '--cache', 'gs://bucket', 'more'], '"more" is not expected here'],
    [['install', '--folder', 'a', '--cash', 'gs://bucket'], "Unknown option '--cash'"],
    [['gate', 'lint', '--folder', '.'], 'the command of the gate is missing'],
    [['gate', 'lint', '--folder', '.', '--'], 'the command of the gate is missing'],
    [['gate', '--folder', '.', '--', 'true'], 'a gate has one name, not 0'],
    [['gate', '../x', '--folder', '.', '--', 'true'], '"../x" is no name of a gate'],
    [['gate', 'lint', '--', 'true', '--folder', '.'], '--folder is needed'],
    [['results', '--folder', '.', '--to', 'gs://bucket'], 'name the gates'],
    [['results', '--folder', '.', '--to', 'gs://bucket', 'LINT'], '"LINT" is no name of a gate'],
    [['deploy', ...deployArgs({ commit: 'main' })], '--commit must be 40 hexadecimal digits, not main'],
    [['deploy', ...deployArgs({ build: '../x' })], '--build must be the id of a build'],
  ])('%j is refused with 2', async (args, expected) => {
    const { exitCode, text } = await run(...args);
    expect(text).toContain(expected);
    expect(exitCode).toBe(2);
  });

  test('a failure is told in one sentence, with 1', async () => {
    const { exitCode, text } = await run('deploy', ...deployArgs());
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /^builder deploy failed: .*image cannot be read; the step that pushes the image has to write it: ENOENT[^\n]*$/,
    );
  });
});

describe('gate', () => {
  test.each([
    ['passes', ['true'], 0],
    ['fails', ['sh', '-c', 'exit 3'], 3],
    ['is ended by a signal', ['sh', '-c', 'kill -TERM $$'], 143],
    ['is not there', ['no-such-command-here'], 127],
    ['has options of its own', ['sh', '-c', 'exit 0', '--help'], 0],
  ])('a command that %s: its exit code is noted and handed on', async (_what, command, exitCode) => {
    const { exitCode: ended, text } = await run('gate', 'lint', '--folder', '.', '--', ...command);
    expect(ended).toBe(exitCode);
    expect(text).toContain(exitCode === 0 ? 'gate lint passed' : `gate lint failed with exit ${exitCode}`);
    expect(await readFile(path.join(folder, '.slipway/gates/lint'), 'utf8')).toMatch(
      new RegExp(`^${exitCode} \\d+\\.\\d\n$`),
    );
  });

  test('in a folder that does not exist: no outcome is left, not even an old one', async () => {
    await run('gate', 'lint', '--folder', '.', '--', 'true');
    const { exitCode, text } = await run('gate', 'lint', '--folder', 'services/none', '--', 'true');
    expect(exitCode).toBe(1);
    expect(text).toContain('could not be started in');
    await expect(readFile(path.join(folder, '.slipway/gates/lint'))).rejects.toThrow('ENOENT');
  });
});
