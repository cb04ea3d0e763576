import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder, resolveInRoot } from '../../../local/images/root-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'slipway-root-'));
  mkdirSync(path.join(root, 'app/v1'), { recursive: true });
  writeFileSync(path.join(root, 'app/file'), '');
  symlinkSync('/app/v1', path.join(root, 'absolute'));
  symlinkSync('v1', path.join(root, 'app/current'));
  symlinkSync('../../../../../etc', path.join(root, 'app/out'));
  symlinkSync('circle', path.join(root, 'circle'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

test.each([
  ['/app/v1/x', 'app/v1/x'],
  ['/absolute/x', 'app/v1/x'],
  ['/app/current/x', 'app/v1/x'],
  ['/app/out/passwd', 'etc/passwd'],
  ['/../../x', 'x'],
  ['/not/there/yet', 'not/there/yet'],
  ['/app/file/below', 'app/file/below'],
])('%s', (inside, expected) => {
  expect(resolveInRoot(root, inside)).toBe(path.join(root, expected));
});

test('a link at the end is left alone when asked', () => {
  expect(resolveInRoot(root, '/app/current', { followLast: false })).toBe(path.join(root, 'app/current'));
});

test('a circle is an error', () => {
  expect(() => resolveInRoot(root, '/circle/x')).toThrow('too many levels of symbolic links');
});

test('makeFolder stays inside, with the mode of an image', () => {
  expect(statSync(makeFolder(root, '/app/out/new')).mode & 0o777).toBe(0o755);
  expect(statSync(path.join(root, 'etc/new')).isDirectory()).toBe(true);
});
