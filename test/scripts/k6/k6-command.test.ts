import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const own = path.resolve(import.meta.dirname, '..', '..', '..', 'scripts', 'k6', 'bin');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-k6-command-'));
  writeFileSync(path.join(folder, 'script.ts'), 'export default function () {}\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** `k6 run …` as a build step starts it, on a machine with that k6. */
function k6(version: string | undefined, ...args: string[]): { status: number | null; stdout: string } {
  const bin = mkdtempSync(path.join(folder, 'bin-'));
  const installed = `#!/bin/sh\n[ "$1" = version ] && echo '${version ?? ''}' && exit\necho "installed: $*"; exit 99\n`;
  if (version !== undefined) writeFileSync(path.join(bin, 'k6'), installed, { mode: 0o755 });
  const { status, stdout } = spawnSync(path.join(own, 'k6'), ['run', ...args, 'script.ts'], {
    cwd: folder,
    encoding: 'utf8',
    // Not the machine's own folders: the k6 that it may have is none of ours.
    env: { PATH: [own, path.dirname(process.execPath), bin].join(':') },
  });
  return { status, stdout };
}

describe('the k6 of build steps on the local cloud', () => {
  test('is the one of the machine, with its arguments and exit code', () => {
    expect(k6('k6 v2.3.0 (go1.26.0, linux/amd64)', '--summary-export', 'a b.json')).toEqual({
      status: 99,
      stdout: 'k6 v2.3.0 (go1.26.0, linux/amd64)\ninstalled: run --summary-export a b.json script.ts\n',
    });
  });

  test.each([
    [undefined, 'k6 is not installed'],
    ['k6 v0.49.0 (go1.21.6, linux/amd64)', 'k6 v0.49.0 (go1.21.6, linux/amd64) does not run TypeScript'],
  ])('with %s it is our runner, which says so', (version, why) => {
    const { status, stdout } = k6(version);
    expect(stdout).toContain(`${why}: using Slipway's own runner of a subset of it\n`);
    expect(stdout).toContain("Slipway's own runner of k6 scripts: it knows a subset of k6, and is not k6");
    expect(status).toBe(0);
  });
});
