import { createHash } from 'node:crypto';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const digits = '0123456789';
export const alphabets = {
  base62: `${letters}${letters.toLowerCase()}${digits}`,
  base32: `${letters}234567`,
  base64: `${letters}${letters.toLowerCase()}${digits}+/`,
  hex: `${digits}abcdef`,
  upper: `${letters}${digits}`,
} as const;

/** Text as if drawn at random, the same each time. Put together here, so that no file holds what a scanner looks for. */
export function drawn(length: number, alphabet: keyof typeof alphabets = 'base62', seed = ''): string {
  const characters = alphabets[alphabet];
  let text = '';
  for (let round = 0; text.length < length; round += 1)
    for (const byte of createHash('sha512').update(`${seed}${alphabet}${length}${round}`).digest())
      text += characters[byte % characters.length] ?? '';
  return text.slice(0, length);
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A text with a secret in it, by the rule that has to find it. */
export const secretTexts: readonly (readonly [rule: string, what: string, text: string, secret: string])[] = (
  [
    ['aws-access-key-id', 'in code', (s) => `const id = '${s}';`, `AKIA${drawn(16, 'base32')}`],
    [
      'aws-secret-access-key',
      'in a file of keys',
      (s) => `aws_secret_access_key = ${s}`,
      drawn(40, 'base64'),
    ],
    ['google-api-key', 'in an address', (s) => `https://maps.test/js?key=${s}&v=3`, `AIza${drawn(35)}`],
    ['google-oauth-secret', 'in JSON', (s) => `{"client_secret":"${s}"}`, `GOCSPX-${drawn(28)}`],
    ['google-oauth-token', 'in a header', (s) => `authorization: Bearer ${s}`, `ya29.${drawn(60)}`],
    [
      'github-token',
      'in an address',
      (s) => `https://x-access-token:${s}@github.com/a/b`,
      `ghp_${drawn(36)}`,
    ],
    ['github-token', 'fine-grained', (s) => `TOKEN=${s}`, `github_pat_${drawn(22)}_${drawn(59)}`],
    ['gitlab-token', 'in YAML', (s) => `token: ${s}`, `glpat-${drawn(20)}`],
    ['slack-token', 'in code', (s) => `new WebClient("${s}")`, `xoxb-2384719-${drawn(24)}`],
    [
      'slack-webhook',
      'in YAML',
      (s) => `url: ${s}`,
      `https://hooks.slack.com/services/T${drawn(8, 'upper')}/B${drawn(8, 'upper')}/${drawn(24)}`,
    ],
    ['stripe-key', 'in code', (s) => `Stripe('${s}')`, `sk_live_${drawn(24)}`],
    ['npm-token', 'in .npmrc', (s) => `//registry.npmjs.org/:_authToken=${s}`, `npm_${drawn(36)}`],
    ['npmrc-credential', 'in .npmrc', (s) => `//npm.acme.com/:_auth=${s}`, drawn(24, 'base64')],
    ['sendgrid-key', 'in code', (s) => `setApiKey('${s}')`, `SG.${drawn(22)}.${drawn(43)}`],
    ['ai-provider-key', 'in code', (s) => `apiKey: "${s}"`, `sk-ant-api03-${drawn(90)}`],
    [
      'jwt',
      'in a test',
      (s) => `const t = '${s}'`,
      `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'somebody', iat: 1 })}.${drawn(43)}`,
    ],
    [
      'azure-account-key',
      'in a connection string',
      (s) => `AccountName=a;AccountKey=${s};`,
      `${drawn(86, 'base64')}==`,
    ],
    [
      'private-key',
      'as a file',
      (s) => s,
      `-----BEGIN RSA PRIVATE KEY-----\n${drawn(64, 'base64')}\n${drawn(64, 'base64', '2')}\n-----END`,
    ],
    [
      'private-key',
      "in a service account's JSON",
      (s) => `{"type":"service_account","private_key":"${s}"}`,
      `-----BEGIN PRIVATE KEY-----\\n${drawn(64, 'base64')}\\n`,
    ],
    ['password-in-address', 'of a database', (s) => `postgres://board:${s}@db.acme.com/board`, 'tr0ub4dor&3'],
    ['assigned-secret', 'to a constant', (s) => `const apiKey = '${s}';`, drawn(32)],
    ['assigned-secret', 'to a key of JSON', (s) => `  "clientSecret": "${s}",`, drawn(24)],
    ['assigned-secret', 'in hexadecimal', (s) => `signing_key = "${s}"`, drawn(64, 'hex')],
    ['assigned-secret', 'to a variable of the environment', (s) => `export SESSION_SECRET=${s}`, drawn(40)],
    ['assigned-secret', 'in a Dockerfile', (s) => `ENV DATABASE_PASSWORD=${s}`, drawn(20)],
  ] satisfies [string, string, (secret: string) => string, string][]
).map(([rule, what, text, secret]) => [rule, what, text(secret), secret]);
