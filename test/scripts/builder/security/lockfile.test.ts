import { describe, expect, test } from '@jest/globals';
import { judgeLockFile } from '../../../../scripts/builder/security/check-lockfile.ts';
import type { LockEntry, LockFile } from '../../../../scripts/builder/security/lock-file.ts';
import { drawn } from './made-up-secrets.ts';

const integrity = `sha512-${drawn(86, 'base64')}==`;
const registry = 'https://registry.npmjs.org';

function lockFile(
  entries: Record<string, LockEntry>,
  changes: Partial<LockFile> = {},
  lockfileVersion = 3,
): LockFile {
  return {
    lock: {
      name: 'shop',
      lockfileVersion,
      packages: { '': { dependencies: { left: '^1.0.0' } }, ...entries },
    },
    manifest: { dependencies: { left: '^1.0.0' } },
    file: 'services/shop/package-lock.json',
    lineOf: (key) => (key === '' ? 4 : 9),
    ...changes,
  };
}
const judge = (read: LockFile): string[] =>
  judgeLockFile(read, [registry]).map(({ rule, line, message }) => `${line ?? ''} ${rule}: ${message}`);
const left = (entry: Partial<LockEntry>): LockFile =>
  lockFile({ 'node_modules/left': { version: '1.0.0', integrity, license: 'MIT', ...entry } });

describe('a lock file', () => {
  test.each([
    ['the address left out', left({})],
    ['the address of the registry', left({ resolved: `${registry}/left/-/left-1.0.0.tgz` })],
    ['several checksums', left({ integrity: `sha1-${drawn(27, 'base64')}= ${integrity}` })],
    [
      'a package inside another',
      lockFile({ 'node_modules/a/node_modules/b': { version: '1.0.0', inBundle: true, license: 'MIT' } }),
    ],
  ])('with %s is right', (_what, read) => {
    expect(judge(read)).toEqual([]);
  });

  test.each<[string, LockFile, string]>([
    ['an old form', lockFile({}, {}, 2), '4 lockfile/version: lockfileVersion is 2, not 3'],
    [
      'another registry',
      left({ resolved: 'https://npm.acme.com/left.tgz' }),
      '9 lockfile/registry: left 1.0.0 comes from https://npm.acme.com',
    ],
    [
      'a host that only begins like it',
      left({ resolved: 'https://registry.npmjs.org.acme.com/l.tgz' }),
      '9 lockfile/registry: ',
    ],
    [
      'the registry without encryption',
      left({ resolved: 'http://registry.npmjs.org/left.tgz' }),
      '9 lockfile/registry: ',
    ],
    [
      'git',
      left({ resolved: `git+ssh://git@github.com/a/left.git#${drawn(40, 'hex')}` }),
      '9 lockfile/source: left 1.0.0 comes from git+ssh://github.com/a/left.git, not',
    ],
    [
      'a file',
      left({ resolved: 'file:../left.tgz' }),
      '9 lockfile/source: left 1.0.0 comes from file:../left.tgz',
    ],
    [
      'a folder',
      lockFile({ 'node_modules/left': { resolved: '../left', link: true, license: undefined } }),
      '9 lockfile/source: left comes from ../left',
    ],
    ['no checksum', left({ integrity: undefined }), '9 lockfile/integrity: left 1.0.0 has no checksum'],
    [
      'a weak checksum',
      left({ integrity: `sha1-${drawn(27, 'base64')}=` }),
      '9 lockfile/integrity: left 1.0.0 has no sha512 checksum',
    ],
    ['a checksum that is cut off', left({ integrity: integrity.slice(0, 40) }), '9 lockfile/integrity: '],
    [
      'another range',
      lockFile({}, { manifest: { dependencies: { left: '^2.0.0' } } }),
      '4 lockfile/disagrees: dependencies.left is ^2.0.0 in package.json and ^1.0.0 in the lock file',
    ],
    [
      'a package too many',
      lockFile({}, { manifest: {} }),
      '4 lockfile/disagrees: dependencies.left is absent in package.json',
    ],
    [
      'a package too few',
      lockFile({}, { manifest: { dependencies: { left: '^1.0.0' }, devDependencies: { b: '1' } } }),
      '4 lockfile/disagrees: devDependencies.b is 1 in package.json and absent in the lock file',
    ],
  ])('with %s is refused', (_what, read, expected) => {
    const found = judge(read);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  test('several registries, though each is known, are one too many', () => {
    const read = lockFile({
      'node_modules/a': { integrity, resolved: `${registry}/a.tgz`, license: 'MIT' },
      'node_modules/b': { integrity, resolved: 'https://npm.acme.com/b.tgz', license: 'MIT' },
    });
    expect(judgeLockFile(read, [registry, 'https://npm.acme.com']).map(({ rule }) => rule)).toEqual([
      'lockfile/mixed-registries',
    ]);
  });
});
