import { isIPv6 } from 'node:net';

/**
 * Takes personal data and secrets out of what is reported, wherever they are: by the name of a field, by the look of a
 * text. Rather too much than too little: what is missing from a report can be found in the log, by its trace.
 */
export function scrub(value: unknown): unknown {
  return scrubValue(value, 0);
}

export const removed = '[removed]';

/** Names of fields whose value goes, whatever it is. */
const secretName =
  /authorization|cookie|passw|passphrase|secret|token|api.?key|credential|session|csrf|signature|^(sig|dsn|auth|jwt|pin|otp)$/i;
const personalName =
  /e.?mail|user.?name|first.?name|last.?name|full.?name|phone|address$|^(author|text|name_of_user|remote_addr|ip|client_?ip)$|forwarded|real-ip|connecting-ip/i;
/** What a person wrote: bodies, forms, and values of queries. */
const contentName = /^(data|body|form|query_string|queries|values|parameters|params)$/i;
/** Fields of a report that look like one of these and are none. */
const harmless = new Set(['server_address']);

/** Names that a secret has in a text, at the end of a longer name too. */
const named = '(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key)';

/** Each with bounds where it could begin anywhere: what is scrubbed may be of any make, and nothing else runs meanwhile. */
const patterns: readonly (readonly [RegExp, string])[] = [
  // The key or the password in an address, then what its query says.
  [/\b([a-z][a-z0-9+.-]{0,31}:\/\/)[^\s/@:]*(?::[^\s/@]*)?@/gi, `$1${removed}@`],
  [/([?&][\w.~%+-]+=)[^&\s#"'<>)]+/g, `$1${removed}`],
  [/\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}/gi, `$1${removed}`],
  [/\beyJ[\w-]{6,2048}\.[\w-]+\.[\w-]*/g, removed],
  [
    /\b(?:gh[pousr]_\w{20,}|sk-[\w-]{16,}|xox[abposr]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|AIza[\w-]{30,}|ya29\.[\w-]+|sntry[su]_[\w+/=-]{10,})/g,
    removed,
  ],
  // With blanks in it, if it is in quotes; DATABASE_PASSWORD is one, too.
  [new RegExp(`(${named}["']?\\s*[!:=]+\\s*(["'\`]))(?:\\\\.|(?!\\2)[^\\\\\\n])+`, 'gi'), `$1${removed}`],
  [new RegExp(`(${named}["']?\\s*[!:=]+>?\\s*["'\`]?)[^\\s"'\`,;&)]+`, 'gi'), `$1${removed}`],
  [/[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+/g, removed],
  [/\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b/g, removed],
  [/(?<![\w-])\+\d[\d ().-]{7,}\d\b/g, removed],
];

/** What is left of one that is cut off is one, too. */
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Characters of one text that are told. */
const longestText = 10_000;
/** What is cut in two may not look like a secret any more: its first half goes as well, up to this long. */
const longestWord = 1000;

/** A text without what looks personal or secret, cut where it is too long. */
export function scrubText(text: string): string {
  if (text.length <= longestText) return scrubWhole(text);
  const head = text.slice(0, longestText - 1);
  const word = /\S*$/.exec(head.slice(-longestWord))?.[0] ?? '';
  return `${scrubWhole(head.slice(0, head.length - word.length))}…`;
}

/** The same of a text that is bounded otherwise; with as many lines. */
export function scrubWhole(text: string): string {
  const keyless = text.replace(privateKey, (found) => found.replace(/[^\n]+/g, removed));
  return patterns
    .reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), keyless)
    .replace(/(?<![\w:])[0-9a-f:]{2,45}(?![\w:])/gi, (found) => (isIPv6(found) ? removed : found));
}

const deepest = 12;

function scrubValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return removed;
  if (Array.isArray(value)) return value.map((each) => scrubValue(each, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      isUnwanted(name, each) ? removed : scrubValue(each, depth + 1),
    ]),
  );
}

function isUnwanted(name: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean' || harmless.has(name)) return false;
  return secretName.test(name) || personalName.test(name) || contentName.test(name);
}
