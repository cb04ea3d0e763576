import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scrubSource } from '../../src/scrub-source.ts';

const privateKey = ['-----BEGIN', 'PRIVATE KEY-----'].join(' ');
const sources: readonly [what: string, source: string, scrubbed: string][] = [
  ['code', "  if (response.status >= 400) throw new Error('it answered');", ''],
  ['a message that speaks of a secret', "throw new ConfigError('the variable PASSWORD is not set');", ''],
  ['the name of a variable', "readSecret('DATABASE_PASSWORD');", ''],
  ['the path of a file', "read('/computeMetadata/v1/instance/region');", ''],
  ['a module', "import { findSourceMap } from 'node:module';", ''],
  ['nothing', '', ''],
  ['a password', "password: 'correct horse',", "password: '[removed]',"],
  ['one with a quote in it', `const pwd = 'it\\'s "me"';`, "const pwd = '[removed]';"],
  ['with a type', "const password: string = 'hunter2';", "const password: [removed] = '[removed]';"],
  ['at the end of a name', 'const adminPassword = `hunter2`;', 'const adminPassword = `[removed]`;'],
  ['in capitals', "SMTP_PASSWORD: 'hunter2',", "SMTP_PASSWORD: '[removed]',"],
  ['compared', "if (given.secret !== 'hunter2') return;", "if (given.secret !== '[removed]') return;"],
  ['as a default', "env('API_TOKEN') ?? fallback('hunter2')", "env('API_TOKEN') ?? fallback('[removed]')"],
  ['that says what it is', "check(token, 'my-secret-token');", "check(token, '[removed]');"],
  ['as a header', "headers['x-api-key'] = 'hunter2';", "headers['[removed]'] = '[removed]';"],
  ['below its name', "password:\n  'hunter2',", "password:\n  '[removed]',"],
  ['in a comment', '// try password=hunter2 first', '// try password=[removed] first'],
  [
    'in an address',
    `connect('${['postgres://me', 'pw@db/x'].join(':')}');`,
    "connect('postgres://[removed]@db/x');",
  ],
  ['a key by its look', `const x = '${'a1B2'.repeat(6)}';`, "const x = '[removed]';"],
  ["GitHub's token, in no quotes", `// ghp_${'a'.repeat(36)}`, '// [removed]'],
  [
    'a private key over several lines',
    `const pem = \`${privateKey}\nMIIE\n${privateKey.replace('BEGIN', 'END')}\`;\nnext();`,
    'const pem = `[removed]\n[removed]\n[removed]`;\nnext();',
  ],
  ['a private key that has a name', `privateKey: \`${privateKey}\nMIIE`, 'privateKey: `[removed]\n[removed]'],
  ['a bearer below its kind', "'Bearer\nabc.def-123'", "'Bearer\n[removed]'"],
  ['an address of a person', '// ask ada@example.com', '// ask [removed]'],
  ['a line that nobody wrote', `${'x'.repeat(1001)}\nnext();`, '[removed]\nnext();'],
];

describe('scrubSource', () => {
  for (const [what, source, scrubbed] of sources)
    test(what, () => assert.deepEqual(scrubSource(source), (scrubbed || source).split('\n')));

  for (const [what, source] of sources)
    test(`${what}, again: nothing more goes`, () => {
      const once = scrubSource(source);
      assert.deepEqual(scrubSource(once.join('\n')), once);
    });

  test('as many lines as before, whatever ends them', () => {
    assert.deepEqual(scrubSource("a();\r\ntoken: 'x y'\r\n"), ['a();', "token: '[removed]'", '']);
  });

  test('what is long is kept, line by line', () => {
    const lines = Array.from({ length: 1000 }, () => 'const ordinary = compute();');
    assert.deepEqual(scrubSource(lines.join('\n')), lines);
  });

  test('what is large takes no long', () => {
    const began = performance.now();
    for (const each of ["'", '=', 'a', 'password', '-----BEGIN PRIVATE KEY-----', '::', '+1 '])
      scrubSource(`${each.repeat(900 / each.length)}\n`.repeat(200));
    assert.ok(performance.now() - began < 5000);
  });
});
