import { z } from 'zod';
import { maxServiceNameLength } from '../../functions/release/naming.ts';

// The kinds of single values in pipeline.yaml. Their messages follow the name of the value in a sentence.

export const text = (pattern: RegExp, rule: string): z.ZodString => z.string().regex(pattern, rule);

export const whole = (minimum: number, maximum: number): z.ZodNumber =>
  z.number().int().min(minimum).max(maximum);

const relativePath = (characters: string): RegExp => {
  const name = String.raw`(?!\.{1,2}(?:/|$))[${characters}]+`;
  return new RegExp(`^${name}(?:/${name})*$`);
};

// Few characters, because builds use these paths in shell scripts.
export const path = text(
  relativePath('A-Za-z0-9._@+-'),
  'must be a path inside the repository: relative, of letters, digits and . _ @ + -, with "/" in between, without "." or ".." as a name',
);

export const glob = text(
  relativePath(String.raw`^/\\\s`),
  'must be a glob of files inside the repository: relative, with "/" in between, without "." or ".." as a name',
);

export const environmentName = text(
  /^[a-z][a-z0-9-]{0,29}$/,
  'must be a name of lower-case letters, digits and hyphens that starts with a letter, at most 30 characters',
);

export const serviceName = text(
  new RegExp(`^[a-z](?:[a-z0-9-]{0,${maxServiceNameLength - 2}}[a-z0-9])?$`),
  `must be a name of lower-case letters, digits and hyphens that starts with a letter and does not end in a hyphen, at most ${maxServiceNameLength} characters`,
);

export const instanceName = text(
  /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  'must be a name of lower-case letters, digits and hyphens that starts with a letter and does not end in a hyphen',
);

export const sqlName = text(
  /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/,
  'must be a name of letters, digits, "_" and "-" that does not start with a digit, at most 63 characters',
);

export const secretName = text(
  /^[A-Za-z0-9_-]{1,255}$/,
  'must be the name of a secret: letters, digits, "_" and "-", at most 255 characters',
);

// https://www.rfc-editor.org/rfc/rfc9110#name-fields
export const headerName = text(
  /^[!#$%&'*+.^_`|~A-Za-z0-9-]+$/,
  'must be the name of an HTTP header: letters, digits and characters such as "-", without spaces or ":"',
);

export const headerValue = text(
  /^(?:[!-~](?:[\t -~]*[!-~])?)?$/,
  'must be the value of an HTTP header: printable ASCII on one line, without space at either end',
);

/** Set by Cloud Run, or by the place where a service runs. */
const reservedNames = ['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION', 'CLOUD_API_ENDPOINT'];

export const variableName = text(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  'must be the name of an environment variable: letters, digits and "_", not starting with a digit',
).refine((name) => !reservedNames.includes(name) && !name.startsWith('X_GOOGLE_'), {
  message: `is reserved: ${reservedNames.join(', ')} and names that start with X_GOOGLE_ are set by the platform`,
});
