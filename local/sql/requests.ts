import { ApiError } from '../core/api-error.ts';

/** What the bodies of Cloud SQL's Admin API ask for, checked. Throws INVALID_ARGUMENT or UNIMPLEMENTED. */

type Json = Readonly<Record<string, unknown>>;

export interface NewInstance {
  readonly name: string;
  readonly region: string;
  readonly databaseVersion: string;
  readonly settings: Json & { readonly tier: string };
  readonly rootPassword?: string;
}

const invalid = (message: string): ApiError => new ApiError('INVALID_ARGUMENT', message);

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${what} must be an object`);
  return value as Json;
}

function text(body: Json, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '') throw invalid(`Missing required field: ${field}`);
  return value;
}

function optionalText(body: Json, field: string): string | undefined {
  const value = body[field];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalid(`${field} must be a string`);
  return value;
}

export function parseInstance(json: unknown, defaultRegion: string): NewInstance {
  const body = objectOf(json, 'The instance');
  const name = text(body, 'name');
  if (!/^[a-z](?:[a-z0-9-]{0,95}[a-z0-9])?$/.test(name))
    throw invalid(
      `Invalid instance name (${name}): lower-case letters, digits and hyphens, starting with a letter`,
    );
  const databaseVersion = text(body, 'databaseVersion');
  if (!/^POSTGRES_\d+(_\d+)?$/.test(databaseVersion)) {
    throw new ApiError(
      'UNIMPLEMENTED',
      `databaseVersion ${databaseVersion}: the local cloud runs Postgres only (POSTGRES_…)`,
    );
  }
  const settings = objectOf(body.settings ?? {}, 'settings');
  const rootPassword = optionalText(body, 'rootPassword');
  return {
    name,
    region: optionalText(body, 'region') ?? defaultRegion,
    databaseVersion,
    settings: { ...settings, tier: text(settings, 'tier') },
    ...(rootPassword === undefined ? {} : { rootPassword }),
  };
}

/** Postgres cuts longer names off without a word. */
const longestNameBytes = 63;

function postgresName(body: Json, what: string): string {
  const name = text(body, 'name');
  if (name.includes('\u0000') || Buffer.byteLength(name) > longestNameBytes)
    throw invalid(`Invalid ${what} name: at most ${longestNameBytes} bytes`);
  return name;
}

/** Returns the database's name. */
export function parseDatabase(json: unknown): string {
  const body = objectOf(json, 'The database');
  const charset = optionalText(body, 'charset') ?? 'UTF8';
  if (charset.toUpperCase() !== 'UTF8')
    throw new ApiError('UNIMPLEMENTED', `charset ${charset}: the local cloud makes databases in UTF8 only`);
  const collation = optionalText(body, 'collation');
  if (collation !== undefined && !['C', 'C.UTF-8', 'C.UTF8'].includes(collation)) {
    throw new ApiError(
      'UNIMPLEMENTED',
      `collation ${collation}: the local cloud makes databases with C.UTF-8 only; leave it out`,
    );
  }
  return postgresName(body, 'database');
}

function password(body: Json): string | undefined {
  return optionalText(body, 'password');
}

export function parseUser(json: unknown): { name: string; password: string | undefined } {
  const body = objectOf(json, 'The user');
  const type = optionalText(body, 'type') ?? 'BUILT_IN';
  if (type !== 'BUILT_IN')
    throw new ApiError('UNIMPLEMENTED', `user type ${type}: the local cloud has BUILT_IN users only`);
  const name = postgresName(body, 'user');
  if (/^(pg_|cloudsql)/.test(name)) throw invalid(`Invalid user name (${name}): the prefix is reserved`);
  return { name, password: password(body) };
}

export function parsePassword(json: unknown): string | undefined {
  return password(objectOf(json, 'The user'));
}
