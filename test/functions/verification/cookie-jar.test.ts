import { expect, test } from '@jest/globals';
import { createCookieJar } from '../../../functions/verification/cookie-jar.ts';

const at = new Date('2026-01-01T00:00:00Z');
const past = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT';

test.each<[string, string[], string, string, string | undefined]>([
  ['nothing', [], '/', '/', undefined],
  ['a cookie', ['a=1'], '/', '/', 'a=1'],
  ['an equals sign in its value', ['a=b=c; Secure'], '/', '/', 'a=b=c'],
  ['the last one of a name counts', ['a=1', 'a=2'], '/', '/', 'a=2'],
  ['the longer path goes first', ['a=1; Path=/', 'a=2; Path=/deep'], '/', '/deep/er', 'a=2; a=1'],
  ['not to another path', ['a=1; Path=/deep'], '/', '/deeper', undefined],
  ['the path of the request, when it names none', ['a=1'], '/one/two?x=/y', '/one/three', 'a=1'],
  ['and not beyond it', ['a=1'], '/one/two', '/two', undefined],
  ['a cookie that is past', ['a=1', `a=; ${past}`], '/', '/', undefined],
  ['Max-Age goes before Expires', [`a=1; ${past}; Max-Age=5`], '/', '/', 'a=1'],
  ['what cannot be read', ['=1', 'nothing', ''], '/', '/', undefined],
])('%s', (_, lines, from, to, expected) => {
  const jar = createCookieJar();
  jar.store(lines, from, at);
  expect(jar.header(to, at)).toBe(expected);
});

test('one that is past by the time it would be sent', () => {
  const jar = createCookieJar();
  jar.store(['a=1; Max-Age=5'], '/', at);
  expect(jar.header('/', new Date(at.getTime() + 4999))).toBe('a=1');
  expect(jar.header('/', new Date(at.getTime() + 5000))).toBeUndefined();
});
