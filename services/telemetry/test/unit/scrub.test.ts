import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scrub, scrubText } from '../../src/scrub.ts';

const texts: readonly [what: string, text: string, scrubbed: string][] = [
  ['an address of a person', 'mail to ada.l+x@example.co.uk failed', 'mail to [removed] failed'],
  ['a bearer token', 'Authorization: Bearer abc.def-123', 'Authorization: Bearer [removed]'],
  ['a basic credential', 'sent Basic dXNlcjpwYXNz', 'sent Basic [removed]'],
  ['a JSON web token', 'got eyJhbGciOi.eyJzdWIi.sig_1', 'got [removed]'],
  ["GitHub's token", `used ghp_${'a'.repeat(36)} to push`, 'used [removed] to push'],
  ["Google's key", `key AIza${'b'.repeat(35)}!`, 'key [removed]!'],
  [
    'a password in an address',
    ['postgres://board', 's3cret@10.1.2.3/board'].join(':'),
    'postgres://[removed]@[removed]/board',
  ],
  ['a user in an address', 'https://abc123@sentry.example/1', 'https://[removed]@sentry.example/1'],
  [
    'the values of a query',
    'GET /messages?after=12&author=Ada failed',
    'GET /messages?after=[removed]&author=[removed] failed',
  ],
  ['a named secret', 'password=hunter2; retry', 'password=[removed]; retry'],
  ['a secret in JSON', '{"api_key":"k-123","n":1}', '{"api_key":"[removed]","n":1}'],
  ['a named secret of several words', "passphrase: 'two words'; retry", "passphrase: '[removed]'; retry"],
  ['a secret at the end of a name', 'DATABASE_PASSWORD=hunter2 is old', 'DATABASE_PASSWORD=[removed] is old'],
  [
    'a private key, cut off',
    `read ${['-----BEGIN RSA', 'PRIVATE KEY-----'].join(' ')}\nMIIE\nabcd`,
    'read [removed]\n[removed]\n[removed]',
  ],
  ['an IPv4 address', 'refused 203.0.113.7:5432', 'refused [removed]:5432'],
  ['an IPv6 address', 'from 2001:db8:85a3:0:0:8a2e:370:7334 again', 'from [removed] again'],
  ['a short IPv6 address', 'from 2001:db8::1 again', 'from [removed] again'],
  ['the IPv6 of this machine', 'connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED [removed]'],
  ['a phone number', 'call +44 20 7946 0958 now', 'call [removed] now'],
  ['a time of day', 'at 12:30:45 it began', 'at 12:30:45 it began'],
  ['a place in a file', 'server.js:12:30 in Foo::bar', 'server.js:12:30 in Foo::bar'],
  ['a version', 'node v24.21.0 and pg 8.23.1', 'node v24.21.0 and pg 8.23.1'],
  [
    'a commit',
    'release 3f2a1bc0d97c63e3f2a1bc0d97c63e3f2a1bc0d9',
    'release 3f2a1bc0d97c63e3f2a1bc0d97c63e3f2a1bc0d9',
  ],
  ['a long word', 'a'.repeat(50_000), `${'a'.repeat(8999)}…`],
  ['a long row of letters and dots', 'a.'.repeat(25_000), `${'a.'.repeat(4499)}a…`],
  ['what begins like a JSON web token all over', 'eyJ-'.repeat(12_000), `${'eyJ-'.repeat(2249)}eyJ…`],
  ['a row of colons', `${':'.repeat(9000)}g`, `${':'.repeat(9000)}g`],
  [
    'a secret that is cut in two',
    `${'a '.repeat(4990)}${['postgres://board', 's3cret'].join(':')}${'x'.repeat(100)}@db`,
    `${'a '.repeat(4990)}…`,
  ],
  ['nothing', '', ''],
];

describe('scrubText', () => {
  for (const [what, text, scrubbed] of texts) test(what, () => assert.equal(scrubText(text), scrubbed));
  for (const [what, text] of texts)
    test(`${what}, again: nothing more goes`, () =>
      assert.equal(scrubText(scrubText(text)), scrubText(text)));
});

const values: readonly [what: string, value: unknown, scrubbed: unknown][] = [
  [
    'authorization',
    { headers: { Authorization: 'x', 'proxy-authorization': 'y' } },
    { headers: { Authorization: '[removed]', 'proxy-authorization': '[removed]' } },
  ],
  [
    'cookies, as text and apart',
    { cookie: 'a=b', 'set-cookie': ['a=b'], cookies: { a: 'b' } },
    { cookie: '[removed]', 'set-cookie': '[removed]', cookies: '[removed]' },
  ],
  [
    'tokens and keys by any name',
    { accessToken: 'x', apiKey: 'y', csrf: 'z', clientSecret: 'w' },
    { accessToken: '[removed]', apiKey: '[removed]', csrf: '[removed]', clientSecret: '[removed]' },
  ],
  [
    'who it was',
    { email: 'x', userName: 'y', ip_address: 'z', 'x-forwarded-for': 'w' },
    { email: '[removed]', userName: '[removed]', ip_address: '[removed]', 'x-forwarded-for': '[removed]' },
  ],
  [
    'a body and a query',
    { data: { author: 'Ada' }, query_string: 'a=b', body: 'text' },
    { data: '[removed]', query_string: '[removed]', body: '[removed]' },
  ],
  ['what was written', { author: 'Ada', text: 'hello' }, { author: '[removed]', text: '[removed]' }],
  [
    'what is deep inside a list',
    { a: [{ b: ['ada@example.com', 1, null, true] }] },
    { a: [{ b: ['[removed]', 1, null, true] }] },
  ],
  [
    'what says nothing of anybody',
    { status: 500, method: 'GET', path: '/messages', ok: false },
    { status: 500, method: 'GET', path: '/messages', ok: false },
  ],
  ['nothing', undefined, undefined],
];

describe('scrub', () => {
  for (const [what, value, scrubbed] of values) test(what, () => assert.deepEqual(scrub(value), scrubbed));

  test('what refers to itself comes to an end', () => {
    const value: Record<string, unknown> = { name: 'ada@example.com' };
    value['self'] = value;
    assert.ok(!JSON.stringify(scrub(value)).includes('ada@'));
  });

  test('what is scrubbed is left as it was', () => {
    const value = { token: 'x', list: ['ada@example.com'] };
    scrub(value);
    assert.deepEqual(value, { token: 'x', list: ['ada@example.com'] });
  });
});
