import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { judgeCode } from '../../../../scripts/builder/security/check-code.ts';

const judge = (text: string): string[] => judgeCode(ts, 'file.tsx', text).map(({ rule }) => rule);
const childProcess = "import { exec, execFile, spawn } from 'node:child_process';\n";

describe('the rules for code', () => {
  test.each([
    ['eval', 'eval(text);'],
    ['eval', 'const f = new Function("a", body);'],
    ['eval', 'setTimeout("go()", 10);'],
    ['eval', "import { runInNewContext } from 'node:vm';\nrunInNewContext(text);"],
    ['shell', `${childProcess}exec(\`git log \${branch}\`);`],
    ['shell', `${childProcess}exec('git log ' + branch);`],
    ['shell', `${childProcess}const command = \`rm \${file}\`;\nexec(command);`],
    ['shell', "import * as child from 'child_process';\nchild.execSync(`ls ${folder}`);"],
    ['shell', "const { execSync: run } = require('child_process');\nrun(`ls ${folder}`);"],
    [
      'shell',
      `import { promisify } from 'node:util';\n${childProcess}const run = promisify(exec);\nawait run(\`ls \${a}\`);`,
    ],
    ['shell', `${childProcess}spawn('ls', [folder], { shell: true });`],
    ['shell', `${childProcess}spawn(\`ls \${folder}\`, { shell: '/bin/sh' });`],
    ['shell', `${childProcess}execFile('bash', ['-c', \`ls \${folder}\`]);`],
    ['sql', 'await client.query(`select * from users where name = ${name}`);'],
    ['sql', "await pool.query('delete from users where id = ' + id);"],
    ['sql', 'await client.query({ text: `update users set name = ${name}`, values: [] });'],
    ['sql', 'const text = `select ${columns} from users`;\nawait client.query(text);'],
    ['sql', 'await prisma.$queryRawUnsafe(`SELECT 1 WHERE a = ${b}`);'],
    ['tls', 'request({ rejectUnauthorized: false });'],
    ['tls', "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';"],
    ['tls', "process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = 0 as never;".replace(' as never', '')],
    ['tls', "spawnIt({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } });"],
    ['tls', 'connect({ checkServerIdentity: () => undefined });'],
    ['cleartext', "await fetch('http://api.acme.com/x');"],
    ['cleartext', 'await fetch(`http://api.acme.com/users/${id}`);'],
    ['cleartext', "const base = 'http://api.acme.com';\nawait fetch(`http://api.acme.com:80/${id}`);"],
    ['cleartext', "await fetch(process.env.API ?? 'http://api.acme.com');"],
    ['cleartext', "new WebSocket('ws://live.acme.com/stream');"],
    ['cleartext', "import { get } from 'node:http';\nget('http://api.acme.com/');"],
    ['html', 'element.innerHTML = `<b>${name}</b>`;'],
    ['html', 'element.insertAdjacentHTML("beforeend", name);'],
    ['html', 'document.write(name);'],
    ['html', 'const a = <div dangerouslySetInnerHTML={{ __html: text }} />;'],
    ['weak-random', 'const sessionId = Math.random().toString(36);'],
    ['weak-random', 'save({ token: `t-${Math.random()}` });'],
    [
      'weak-cipher',
      "import { createCipheriv } from 'node:crypto';\ncreateCipheriv('aes-128-ecb', key, null);",
    ],
  ])('%s: %s', (rule, text) => {
    expect(judge(text)).toEqual([rule]);
  });

  test.each([
    ['a method called eval', 'redis.eval(script);'],
    ['a function for a timer', 'setTimeout(() => go(), 10);'],
    ['exec of a pattern', 'const found = /a/.exec(`${text}`);'],
    ['a fixed command', `${childProcess}exec('git status');`],
    ['a command of constants', `${childProcess}const ref = 'HEAD';\nexec(\`git log \${ref}\`);`],
    ['a list of arguments', `${childProcess}execFile('git', ['log', branch]);`],
    ['a shell with arguments', `${childProcess}spawn('sh', ['-c', 'ls "$1"', 'sh', folder]);`],
    ['a shell that is switched off', `${childProcess}spawn('ls', [folder], { shell: false });`],
    ['parameters', "await client.query('select * from users where name = $1', [name]);"],
    [
      'a query of constants',
      'const lock = 4600001;\nawait client.query(`begin; select pg_advisory_xact_lock(${lock})`);',
    ],
    ['an escaped name', 'await client.query(`create database ${client.escapeIdentifier(name)}`);'],
    [
      'numbered parameters',
      'await client.query(`select 1 where a in (${list.map((_, i) => `$${i + 1}`).join(", ")})`, list);',
    ],
    [
      'named placeholders',
      'const marks = list.map(() => "?").join();\nawait db.query(`select 1 where a in (${marks})`, list);',
    ],
    ['a query that is none', 'await page.query(`#${id}`);'],
    ['a tagged template', 'await sql`select * from users where name = ${name}`;'],
    ['certificates that are checked', 'request({ rejectUnauthorized: true });'],
    ['the machine itself', "await fetch('http://127.0.0.1:8080/');"],
    ['a host out of a variable', 'await fetch(`http://${host}/x`);'],
    ['the metadata server', "await fetch('http://metadata.google.internal/computeMetadata/v1/');"],
    ['a name space', "const ns = 'http://www.w3.org/2000/svg';"],
    ['a base for a path', "new URL(request.url, 'http://localhost');"],
    ['encryption', "await fetch('https://api.acme.com/x');"],
    ['HTML that is written out', "element.innerHTML = '<b>hello</b>';"],
    ['text', 'element.textContent = name;'],
    ['chance that is no secret', 'const delayMs = Math.random() * 100;'],
    [
      'a parameter that hides a constant',
      "const sql = 'select 1';\nfunction run(sql: string) { return client.query(sql); }",
    ],
    ['a file that does not parse', 'const = ;'],
  ])('%s is right', (_what, text) => {
    expect(judge(text)).toEqual([]);
  });

  test('the place is that of the mistake', () => {
    expect(judgeCode(ts, 'a.ts', 'const a = 1;\n\n  eval(a);\n')).toEqual([
      expect.objectContaining({ rule: 'eval', line: 3, column: 3 }),
    ]);
  });
});
