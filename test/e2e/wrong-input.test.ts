import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { command } from './support/command.ts';

let folder: string;
let state: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-input-'));
  state = path.join(folder, 'state');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const repo = (): string => path.join(folder, 'repo');

function commit(files: Readonly<Record<string, string>>): void {
  const git = (...args: string[]): void => {
    execFileSync(
      'git',
      [
        '-C',
        repo(),
        '-c',
        'user.name=test',
        '-c',
        'user.email=test@example.invalid',
        '-c',
        'commit.gpgsign=false',
        ...args,
      ],
      { stdio: 'ignore' },
    );
  };
  mkdirSync(repo(), { recursive: true });
  git('init', '--quiet', '--initial-branch=main');
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(repo(), name), text);
  if (Object.keys(files).length === 0) return;
  git('add', '--all');
  git('commit', '--quiet', '-m', 'test');
}

const pipeline =
  'project: some-project\nregion: europe-west1\nrepository: o/r\nservices:\n  api:\n    folder: api\n';

describe('npm start says in a sentence what is wrong, and starts nothing', () => {
  test.each<[string, Readonly<Record<string, string>> | undefined, string[], RegExp, number]>([
    [
      'a folder that is no git repository',
      undefined,
      [],
      /is in no git repository; make one with "git init"/,
      1,
    ],
    ['a repository without a commit', {}, [], /has no commit yet; commit something first/, 1],
    [
      'no pipeline.yaml',
      { 'README.md': 'x' },
      [],
      /has no pipeline\.yaml; write one \(docs\/pipeline\.md says how\)/,
      1,
    ],
    [
      'a wrong pipeline.yaml',
      { 'pipeline.yaml': pipeline.replace('region', 'regoin') },
      [],
      /pipeline\.yaml:2:1.*regoin[\s\S]*region/,
      1,
    ],
    ['a pipeline.yaml that is no YAML', { 'pipeline.yaml': 'a: [' }, [], /pipeline\.yaml:\d+:\d+/, 1],
    ['a ref that there is not', { 'pipeline.yaml': pipeline }, ['--ref', 'nope'], /nope is no commit of/, 1],
    [
      'a port that is none',
      { 'pipeline.yaml': pipeline },
      ['--port', 'abc'],
      /--port must be a number from 0 to 65535, not "abc"/,
      2,
    ],
    [
      'a flag that there is not',
      { 'pipeline.yaml': pipeline },
      ['--onec'],
      /Unknown option '--onec'; --help lists what there is/,
      2,
    ],
    ['a word too many', { 'pipeline.yaml': pipeline }, ['now'], /now means nothing to npm start/, 2],
  ])('%s', async (_, files, args, says, exit) => {
    if (files) commit(files);
    else mkdirSync(repo());
    // Our own checkout is above no temporary folder, so git finds no other repository from there.
    const { code, stderr } = await command('start', [
      '--once',
      '--repo',
      repo(),
      '--state',
      state,
      '--port',
      '0',
      ...args,
    ]);
    expect([code, stderr]).toEqual([exit, expect.stringMatching(says)]);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(path.join(state, 'ports'))).toBe(false);
  });

  test('a port that is taken', async () => {
    commit({ 'pipeline.yaml': pipeline });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await command('start', [
      '--once',
      '--repo',
      repo(),
      '--state',
      state,
      '--port',
      String(port),
    ]);
    server.close();
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(`^port ${port} on 127.0.0.1 is in use; end what uses it, or choose another with --port`),
      ),
    ]);
  });

  test.each([
    ['with --fresh', ['--fresh']],
    ['without', []],
  ])('a state folder that is somebody else’s, %s', async (_, args) => {
    commit({ 'pipeline.yaml': pipeline });
    mkdirSync(state);
    writeFileSync(path.join(state, 'thesis.txt'), 'years of work');
    const { code, stderr } = await command('start', [
      '--once',
      ...args,
      '--repo',
      repo(),
      '--state',
      state,
      '--port',
      '0',
    ]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /holds files that are not a local cloud's; choose an empty or a new folder with --state/,
      ),
    ]);
    expect(existsSync(path.join(state, 'thesis.txt'))).toBe(true);
  });
});

test.each(['start', 'demo', 'status', 'rollback', 'rerun', 'setup'])(
  'npm run %s has --help',
  async (script) => {
    const { code, stdout } = await command(script, ['--help']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('--help')]);
  },
);

test.each(['status', 'rollback', 'rerun', 'replay'])(
  'npm run %s without a local cloud says how to start one',
  async (script) => {
    const { code, stderr } = await command(script, ['api', '--state', state]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/no local cloud runs on .*; start one with "npm start"/),
    ]);
  },
);
