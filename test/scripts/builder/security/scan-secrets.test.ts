import { describe, expect, test } from '@jest/globals';
import { scanSecrets } from '../../../../scripts/builder/security/scan-secrets.ts';
import { drawn, secretTexts } from './made-up-secrets.ts';

describe('scanSecrets', () => {
  test.each(secretTexts)('%s, %s', (rule, _what, text, secret) => {
    const found = scanSecrets(`first line\n  ${text}\n`);
    expect(found.map((each) => each.rule)).toEqual([rule]);
    expect(found[0]?.line).toBe(2);
    expect(JSON.stringify(found)).not.toContain(secret.slice(0, 12));
  });

  test.each([
    ['a placeholder by form', `ghp_${'x'.repeat(36)}`],
    ['the access key of the documentation', 'AKIA' + 'IOSFODNN7EXAMPLE'],
    ['the name of a format', `throw new Error('no -----BEGIN PRIVATE KEY----- in it')`],
    ['a pattern for keys', `/-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\\s]+/`],
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${drawn(64, 'base64')}\n`],
    ['the name of a secret', 'DATABASE_PASSWORD: board-database-password'],
    [
      'the name of a versioned secret',
      `secretName: 'projects/p/secrets/board-database-password/versions/12'`,
    ],
    ['a reference', 'API_KEY=${API_KEY}'],
    ['a reference of GitHub Actions', 'token: ${{ secrets.GITHUB_TOKEN_FOR_RELEASES }}'],
    ['a value out of the environment', 'const token = process.env.GITHUB_TOKEN_1234 ?? fallback;'],
    ['a call', 'const token = createHash("sha256").update(body).digest("hex");'],
    ['the address of a local database', 'postgres://board:board-password-1@127.0.0.1:5432/board'],
    ['an address in documentation', 'postgres://user:password@db.acme.com/board'],
    ['an address with a reference', 'postgres://user:${PASSWORD}@db.acme.com/board'],
    ['a commit', `const commit = '${drawn(40, 'hex')}';`],
    ['a checksum', `"integrity": "sha512-${drawn(86, 'base64')}=="`],
    ['a digest', `image: node@sha256:${drawn(64, 'hex')}`],
    ['a token that says that it is none', `const token = 'test-token-for-examples-1';`],
    ['a message', `password: 'must have at least 12 characters and 1 digit'`],
    ['dots that are no JWT', `eyJ${drawn(20)}.eyJ${drawn(20)}.${drawn(30)}`],
    ['a word that holds a prefix', `const s = 'not_a_sk_live_${drawn(24)}';`],
  ])('%s is none', (_what, text) => {
    expect(scanSecrets(`${text}\n`)).toEqual([]);
  });

  test('each in its place, in order, once', () => {
    const key = `AKIA${drawn(16, 'base32')}`;
    const text = `a\nconst secretKey = "${key}";\n\nkey2("npm_${drawn(36)}")\n`;
    expect(scanSecrets(text)).toEqual([
      expect.objectContaining({ rule: 'aws-access-key-id', line: 2, column: 20 }),
      expect.objectContaining({ rule: 'npm-token', line: 4, column: 7 }),
    ]);
  });

  test.each(['secret_', 'a-', 'token.', 'https://a:', '-----BEGIN '])(
    'a long line of %j takes no time worth noting',
    (text) => {
      const started = performance.now();
      expect(scanSecrets(text.repeat(50_000))).toEqual([]);
      expect(performance.now() - started).toBeLessThan(3_000);
    },
  );
});
