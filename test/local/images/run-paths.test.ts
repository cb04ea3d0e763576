import { describe, expect, test } from '@jest/globals';
import { placeRunPaths, UnplacedPath } from '../../../local/images/run-paths.ts';

const files = new Set(['/stage/app', '/stage/usr/src', '/stage/usr', '/tools/node']);
const place = (line: string) =>
  placeRunPaths(line, {
    rootFolder: '/stage',
    toolPaths: ['/tools'],
    mounts: [
      { inside: '/app', outside: '/stage/app' },
      { inside: '/root/.npm', outside: '/stage/root/.npm' },
    ],
    exists: (file) => files.has(file),
  });

describe('placeRunPaths', () => {
  test.each([
    ['no path at all', 'npm ci && npm run build -- ./x ../y', 'npm ci && npm run build -- ./x ../y'],
    ['below WORKDIR', 'cp /app/a "/app/b" >/app/log', 'cp /stage/app/a "/stage/app/b" >/stage/app/log'],
    ['a cache', 'ls /root/.npm/_cacache', 'ls /stage/root/.npm/_cacache'],
    ['a tool of the base image', '/usr/local/bin/node -v', '/tools/node -v'],
    [
      'what is the same everywhere',
      'x </dev/null 2>/dev/null >/tmp/y; /bin/sh z',
      'x </dev/null 2>/dev/null >/tmp/y; /bin/sh z',
    ],
    ['a URL', 'curl https://example.com/etc/x', 'curl https://example.com/etc/x'],
    ['an expression of sed', "sed 's/a/b/g' x", "sed 's/a/b/g' x"],
  ])('%s', (_name, line, expected) => {
    expect(place(line)).toBe(expected);
  });

  test.each([
    ['mkdir /data', '/data'],
    ['echo x > /etc/x', '/etc/x'],
    ['echo x >>/etc/x', '/etc/x'],
    ['rm -rf /', '/'],
    ['rm -rf /*', '/*'],
    ['cd /app/../../etc', '/app/../../etc'],
    ['cat "/etc/passwd"', '/etc/passwd'],
    ['x --dir=/var/lib/x', '/var/lib/x'],
    ['rm /bin/ls', '/bin/ls'],
    ['rm /tmp2', '/tmp2'],
    ['cp /tmp/../etc/x y', '/tmp/../etc/x'],
    ['ls /$HOME', '/$HOME'],
  ])('%s is refused', (line, path) => {
    expect(() => place(line)).toThrow(UnplacedPath);
    expect(() => place(line)).toThrow(path);
  });
});
