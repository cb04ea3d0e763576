import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withFileLock } from '../../../local/images/file-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-lock-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('one after the other, and the one who waits is told', async () => {
  const events: string[] = [];
  const task = (name: string) => () =>
    withFileLock(
      folder,
      'key',
      async () => {
        events.push(`${name} begins`);
        await new Promise(setImmediate);
        events.push(`${name} ends`);
      },
      () => events.push(`${name} waits`),
    );
  await Promise.all([task('a')(), task('b')()]);
  expect(events.indexOf('b waits')).toBeLessThan(events.indexOf('a ends'));
  expect(events.filter((event) => !event.endsWith('waits'))).toEqual([
    'a begins',
    'a ends',
    'b begins',
    'b ends',
  ]);
  expect(readdirSync(folder)).toEqual([]);
});

test('is given back when the task fails', async () => {
  await expect(withFileLock(folder, 'key', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
  expect(readdirSync(folder)).toEqual([]);
});

test('the lock of a process that is gone is taken over, also when its pid lives on', async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'key'), `${process.pid} another time`);
  await expect(withFileLock(folder, 'key', async () => 'mine')).resolves.toBe('mine');
});
