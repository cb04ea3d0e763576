import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';

// Real processes, on a machine that may be busy.
jest.setTimeout(30_000);

const state = mkdtempSync(path.join(tmpdir(), 'slipway-usage-'));
afterAll(() => {
  rmSync(state, { recursive: true });
});

/** A command as npm runs it, with nobody at a terminal. */
async function command(
  script: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

test.each(['approve', 'promote', 'rollback', 'freeze', 'release', 'replay'])(
  'npm run %s has --help, with its exit codes',
  async (script) => {
    expect(await command(script, '--help')).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        new RegExp(`^npm run ${script} -- .*--yes .*Exit codes: 0 `, 's'),
      ) as unknown,
      stderr: '',
    });
  },
);

test.each<[string, string[], RegExp, number]>([
  ['approve', [], /^name one service: npm run approve -- SERVICE/, 2],
  ['approve', ['api', '0'], /^PERCENT must be a whole number from 1 to 100, not "0"/, 2],
  ['promote', ['api', 'web'], /^name one service: npm run promote -- SERVICE/, 2],
  ['freeze', ['api', '--force'], /^Unknown option '--force'/, 2],
  ['release', [], /^name one service: npm run release -- SERVICE/, 2],
  ['rollback', [], /^name one service: npm run rollback -- SERVICE/, 2],
  ['replay', ['--list', '--discard'], /^--list only shows, --discard takes away/, 2],
  ['replay', ['--list'], /^no local cloud runs on .*; start one with "npm start"/, 1],
  ['freeze', ['api'], /^no local cloud runs on .*; start one with "npm start"/, 1],
])('npm run %s %j says what is wrong', async (script, args, says, exit) => {
  const { code, stderr } = await command(script, ...args, '--state', state);
  expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
});
