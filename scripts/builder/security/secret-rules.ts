import { entropyBits, isPlaceholder, looksRandom } from './entropy.ts';

/** A form of secret. `pattern` has a group `secret`, and the flags `g` and `d`. */
export interface SecretRule {
  readonly name: string;
  readonly title: string;
  readonly pattern: RegExp;
  /** What the pattern cannot say. Without it every match counts that is no placeholder. */
  readonly holds?: (groups: Readonly<Record<string, string | undefined>>) => boolean;
}

/** Where a token begins and ends: \b alone would take a token out of the middle of a longer word with hyphens. */
const token = (body: string): RegExp =>
  new RegExp(`(?<![A-Za-z0-9_-])(?<secret>${body})(?![A-Za-z0-9_-])`, 'gd');

/** A token by its form has to be drawn at random, too: `ghp_` and 36 times an x is a placeholder. */
const drawn = ({ secret = '' }: Readonly<Record<string, string | undefined>>): boolean =>
  entropyBits(secret) >= 3 && !isPlaceholder(secret);

const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|0\.0\.0\.0|host\.docker\.internal)$/;
const reserved = /(?:^|\.)(?:example|test|invalid|localhost|local)$|(?:^|\.)example\.(?:com|net|org)$/;

/** Two parts of JSON, each with a brace at its beginning, and the first names the algorithm. */
function isJwt(token: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    return typeof header === 'object' && header !== null && 'alg' in header;
  } catch {
    return false;
  }
}

/** Names whose values are secrets; not `tokenUrl`, `passwordSecret` (a secret's name), `publicKey`. */
const secretName =
  '(?:[A-Za-z0-9_.-]{0,60}?(?:secret|token|passw(?:or)?d|passphrase|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|credentials?))';

export const secretRules: readonly SecretRule[] = [
  {
    name: 'private-key',
    title: 'a private key',
    // Only with its body: what merely names the format is no key. In JSON the line ends are written as \n.
    pattern:
      /(?<secret>-----BEGIN (?:[A-Z0-9]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\r|\\n|["'`+,])*(?:[A-Za-z-]+: [^\n]*\n)*(?:\s|\\r|\\n)*[A-Za-z0-9+/=]{40,})/dg,
  },
  {
    name: 'aws-access-key-id',
    title: 'an AWS access key',
    pattern: token('(?:AKIA|ASIA)[A-Z2-7]{16}'),
    holds: drawn,
  },
  {
    name: 'aws-secret-access-key',
    title: 'an AWS secret access key',
    pattern:
      /aws[\w.-]{0,20}(?:secret|key)[\w.-]{0,20}["']?\s*[:=]\s*["'`]?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi,
    holds: ({ secret = '' }) => entropyBits(secret) >= 4 && !isPlaceholder(secret),
  },
  {
    name: 'google-api-key',
    title: 'a Google API key',
    pattern: token('AIza[0-9A-Za-z_-]{35}'),
    holds: drawn,
  },
  {
    name: 'google-oauth-secret',
    title: 'a Google OAuth client secret',
    pattern: token('GOCSPX-[0-9A-Za-z_-]{28}'),
    holds: drawn,
  },
  {
    name: 'google-oauth-token',
    title: 'a Google OAuth token',
    pattern: token('ya29\\.[0-9A-Za-z_-]{40,}|1//0[0-9A-Za-z_-]{40,}'),
    holds: drawn,
  },
  {
    name: 'github-token',
    title: 'a GitHub token',
    pattern: token('gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
    holds: drawn,
  },
  { name: 'gitlab-token', title: 'a GitLab token', pattern: token('glpat-[0-9A-Za-z_-]{20,}'), holds: drawn },
  {
    name: 'slack-token',
    title: 'a Slack token',
    pattern: token('xox[abeoprs]-[0-9]{6,}-[0-9A-Za-z-]{10,}|xapp-[0-9]-[0-9A-Z]+-[0-9]+-[0-9a-f]{32,}'),
    holds: drawn,
  },
  {
    name: 'slack-webhook',
    title: 'a Slack webhook address',
    pattern:
      /(?<secret>https:\/\/hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{6,}\/[AB][A-Z0-9]{6,}\/[A-Za-z0-9/]{16,})/dg,
    holds: ({ secret = '' }) => drawn({ secret: secret.split('/').at(-1) ?? '' }),
  },
  {
    name: 'stripe-key',
    title: 'a Stripe key',
    pattern: token('(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{20,}|whsec_[0-9A-Za-z]{32,}'),
    holds: drawn,
  },
  { name: 'npm-token', title: 'an npm token', pattern: token('npm_[A-Za-z0-9]{36}'), holds: drawn },
  {
    name: 'npmrc-credential',
    title: "a registry's credential",
    pattern:
      /^\s*(?:\/\/[^\s:=]+\/:)?_(?:authToken|auth|password)\s*=\s*["']?(?<secret>[^\s"'$]{8,})["']?\s*$/dgm,
  },
  {
    name: 'sendgrid-key',
    title: 'a SendGrid key',
    pattern: token('SG\\.[0-9A-Za-z_-]{22}\\.[0-9A-Za-z_-]{43}'),
    holds: drawn,
  },
  {
    name: 'ai-provider-key',
    title: 'a key of an AI provider',
    pattern: token(
      'sk-ant-[a-z0-9]+-[0-9A-Za-z_-]{60,}|sk-(?:proj-|svcacct-)?[0-9A-Za-z_-]{20,}T3BlbkFJ[0-9A-Za-z_-]{20,}',
    ),
    holds: drawn,
  },
  {
    name: 'jwt',
    title: 'a JSON Web Token',
    pattern: token('eyJ[0-9A-Za-z_-]{10,}\\.eyJ[0-9A-Za-z_-]{10,}\\.[0-9A-Za-z_-]{20,}'),
    holds: ({ secret = '' }) => isJwt(secret),
  },
  {
    name: 'azure-account-key',
    title: 'an Azure storage key',
    pattern: /AccountKey=(?<secret>[A-Za-z0-9+/]{86}==)/dg,
  },
  {
    name: 'password-in-address',
    title: 'an address with a password',
    pattern:
      /\b[a-z][a-z0-9+.-]{2,20}:\/\/(?<user>[^\s:@/"'`<>{}$]*):(?<secret>[^\s:@/"'`<>{}$*]{6,})@(?<host>\[[0-9a-f:]+\]|[A-Za-z0-9.-]+)/dg,
    holds: ({ secret = '', user = '', host = '' }) =>
      !loopback.test(host) &&
      !reserved.test(host) &&
      secret !== user &&
      !isPlaceholder(secret) &&
      !/^(?:pass(?:word)?|pwd|secret|token|key)$/i.test(secret),
  },
  {
    name: 'assigned-secret',
    title: 'a value that looks like a secret',
    pattern: new RegExp(
      `(?<![A-Za-z0-9_])["']?${secretName}["']?\\s*(?::\\s*[A-Za-z]+\\s*)?(?:=>|:=|[:=])\\s*(?<quote>["'\`])(?<secret>[^"'\`\\s$]{16,200})\\k<quote>`,
      'gdi',
    ),
    holds: ({ secret = '' }) => looksRandom(secret),
  },
  {
    name: 'assigned-secret',
    title: 'a value that looks like a secret',
    // `API_KEY=…` of an environment file, `api-key: …` of YAML: without quotes, to the end of the line.
    pattern: new RegExp(
      `^[ \\t]*(?:-[ \\t]+)?(?:export[ \\t]+|ENV[ \\t]+|ARG[ \\t]+)?${secretName}[ \\t]*[:=][ \\t]*(?<secret>[^"'\`\\s$(){}\\[\\],;]{16,200})[ \\t]*$`,
      'gdim',
    ),
    holds: ({ secret = '' }) => looksRandom(secret),
  },
];
