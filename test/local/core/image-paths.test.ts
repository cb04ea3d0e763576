import { describe, expect, test } from '@jest/globals';
import {
  outsidePath,
  replacePaths,
  translatePaths,
  type ImageView,
} from '../../../local/core/image-paths.ts';

const files = new Set([
  '/img/app',
  '/img/app/server.js',
  '/img/usr',
  '/img/usr/src',
  '/img/usr/src/app',
  '/img/etc',
  '/img/etc/app.conf',
  '/img/tmp',
  '/tools/node',
]);
const view: ImageView = {
  rootFolder: '/img',
  toolPaths: ['/tools'],
  mounts: [
    { inside: '/workspace', outside: '/state/ws' },
    { inside: '/workspace/cache', outside: '/state/cache' },
    { inside: '/cloudsql/p:r:i', outside: '/state/sql' },
  ],
  exists: (file) => files.has(file),
};

describe('outsidePath', () => {
  test.each([
    ['a mount', '/workspace', '/state/ws'],
    ['below a mount, not there yet', '/workspace/a/b.json', '/state/ws/a/b.json'],
    ['the longest mount', '/workspace/cache/x', '/state/cache/x'],
    ['a name that only begins like a mount', '/workspace2/x', '/workspace2/x'],
    ['a file of the image', '/app/server.js', '/img/app/server.js'],
    ['a new file in a folder of the image', '/app/data/new.json', '/img/app/data/new.json'],
    ['a new file in a nested folder of the image', '/usr/src/app/new.json', '/img/usr/src/app/new.json'],
    ['a tool of the machine though the image has /usr', '/usr/bin/env', '/usr/bin/env'],
    ['what the image put into /etc', '/etc/app.conf', '/img/etc/app.conf'],
    ['what it did not put into /etc', '/etc/hosts', '/etc/hosts'],
    ['a temporary file', '/tmp/x', '/tmp/x'],
    ['a device', '/dev/null', '/dev/null'],
    ['the root itself', '/', '/'],
    ['a tool of the base image', '/nodejs/bin/node', '/tools/node'],
    ['a trailing slash', '/app/', '/img/app/'],
    ['dots that stay inside', '/app/../app/server.js', '/img/app/server.js'],
    ['dots that leave a mount', '/workspace/../etc/hosts', '/workspace/../etc/hosts'],
  ])('%s', (_name, inside, expected) => {
    expect(outsidePath(inside, view)).toBe(expected);
  });

  test('without an image only the mounts stand for something', () => {
    const mountsOnly: ImageView = { mounts: view.mounts, exists: view.exists };
    expect(outsidePath('/app/server.js', mountsOnly)).toBe('/app/server.js');
    expect(outsidePath('/workspace/x', mountsOnly)).toBe('/state/ws/x');
  });
});

describe('translatePaths', () => {
  test.each([
    ['a flag', '--config=/workspace/a.json', '--config=/state/ws/a.json'],
    ['a list', '/workspace/bin:/usr/bin', '/state/ws/bin:/usr/bin'],
    ['a script', 'cat /workspace/a>/workspace/b', 'cat /state/ws/a>/state/ws/b'],
    ['a quoted path', 'cat "/workspace/a b"', 'cat "/state/ws/a b"'],
    ['a path behind a variable', 'x=${D}/workspace $D/workspace', 'x=${D}/workspace $D/workspace'],
    ['a path behind a quoted variable', '"$D"/workspace', '"$D"/workspace'],
    [
      'relative paths',
      './workspace ../workspace a/workspace ~/app',
      './workspace ../workspace a/workspace ~/app',
    ],
    ['a URL', 'http://host/workspace', 'http://host/workspace'],
    ['a JSON value', '{"dir":"/workspace/x"}', '{"dir":"/state/ws/x"}'],
    ['a socket of Cloud SQL', 'host=/cloudsql/p:r:i dbname=x', 'host=/state/sql dbname=x'],
    ['a socket file', '/cloudsql/p:r:i/.s.PGSQL.5432', '/state/sql/.s.PGSQL.5432'],
    ['another instance', 'host=/cloudsql/p:r:i2', 'host=/cloudsql/p:r:i2'],
    [
      'a connection string',
      'postgres://u@/db?host=/cloudsql/p:r:i&x=1',
      'postgres://u@/db?host=/state/sql&x=1',
    ],
    [
      'an encoded one',
      'postgres://u@/db?host=%2Fcloudsql%2Fp%3Ar%3Ai',
      'postgres://u@/db?host=%2Fstate%2Fsql',
    ],
    ['a variable at the end', '/app/${NAME}/x', '/img/app/${NAME}/x'],
    ['a command substitution', '$(cat /workspace/tag)', '$(cat /state/ws/tag)'],
  ])('%s', (_name, text, expected) => {
    expect(translatePaths(text, view)).toBe(expected);
  });

  test('what was replaced is not replaced again', () => {
    const nested: ImageView = {
      mounts: [
        { inside: '/a', outside: '/b/a' },
        { inside: '/b', outside: '/c' },
      ],
      exists: () => false,
    };
    expect(translatePaths('/a/x /b/x', nested)).toBe('/b/a/x /c/x');
  });
});

test('replacePaths names every absolute path once', () => {
  const found: string[] = [];
  replacePaths("sed 's/a/b/' x > /etc/y; rm -rf /; ls /*; https://h/p", (inside) => {
    found.push(inside);
    return inside;
  });
  expect(found).toEqual(['/etc/y', '/', '/*']);
});
